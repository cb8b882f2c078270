"""The training of the fusion: a few minutes on a CPU, over samples that are in files."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaint.networks.config import DamageFusionConfig
from inpaint.networks.damage_fusion import DamageFusion
from train.damage.degradation.degrade import IGNORE_INDEX
from train.run.ema import EMA

from .samples import read_sample

BATCH_SIZE, WARM_UP, CLIP_NORM, WEIGHT_DECAY = 8, 800, 1.0, 1e-4
HALFLIFE_SAMPLES = 2800
"""Of the moving average of the weights."""
INSIDE, RIM, NEAR = 1.0, 0.5, 0.1
"""Weights of pixels inside of damage, at its rim, and outside within NEAR_PX of it: whether it ends a pixel earlier or
later does not matter."""
NEAR_PX = 2
ENTROPY, DICE, MARKED = 8.0, 0.5, 40.0
"""Weights of the terms: cross-entropy; in a sample with damage one minus the dice coefficient, in one without the mean
probability."""
SMOOTH_PX = 20.0
"""Pixels that are added in the dice coefficient: a sample with a single speck counts less."""


def fusion_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the loss of one sample, a scalar.

    Args:
        logits: (1, 1, H, W).
        target: (1, 1, H, W) in {0, 1}, or IGNORE_INDEX where neither answer is wrong.

    Reference:
        Milletari et al. 2016, arXiv:1606.04797, Eq. 1, without squares in the denominator.
    """
    known = (target != IGNORE_INDEX).to(logits.dtype)
    damaged = target * known
    side = 2 * NEAR_PX + 1
    near = (F.max_pool2d(damaged, side, 1, NEAR_PX) > 0) & (damaged == 0)
    inside = -F.max_pool2d(-damaged, 3, 1, 1) > 0
    weight = torch.where(damaged > 0, torch.where(inside, INSIDE, RIM), torch.where(near, NEAR, 1.0)) * known
    entropy = F.binary_cross_entropy_with_logits(logits, damaged, weight, reduction="sum") / target.numel()
    probability = torch.sigmoid(logits) * known * ~near
    if not damaged.any():
        return ENTROPY * entropy + MARKED * probability.mean()
    dice = 2 * (probability * damaged).sum() / (probability.sum() + damaged.sum() + SMOOTH_PX)
    return ENTROPY * entropy + DICE * (1 - dice)


def train_fusion(
    files: Sequence[Path],
    config: DamageFusionConfig,
    *,
    samples: int,
    learning_rate: float,
    seed: int = 0,
    progress: Callable[[int, float], object] = lambda seen, loss: None,
) -> DamageFusion:
    """Return a trained network, the moving average of its weights.

    Args:
        files: as `write_samples` returns them.
        config: sizes.
        samples: number of samples to train on, rounded down to whole batches; each file is one of them as often as any
            other.
        learning_rate: after a linear warm-up; it falls to 0 along a cosine.
        seed: of weights, order and mirror images.
        progress: called after each batch with the number of samples and the batch's mean loss.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = DamageFusion(config)
    ema = EMA(network, HALFLIFE_SAMPLES)
    optimizer = torch.optim.AdamW(network.parameters(), learning_rate, betas=(0.9, 0.99), weight_decay=WEIGHT_DECAY)
    order: list[int] = []
    for seen in range(BATCH_SIZE, samples + 1, BATCH_SIZE):
        while len(order) < BATCH_SIZE:
            order.extend(int(number) for number in rng.permutation(len(files)))
        total = 0.0
        for number in order[:BATCH_SIZE]:
            total += _backward(network, files[number], rng)
        del order[:BATCH_SIZE]
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * min(1, seen / WARM_UP) * (1 + math.cos(math.pi * seen / samples)) / 2
        nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        optimizer.zero_grad()
        ema.update(network, BATCH_SIZE, seen)
        progress(seen, total / BATCH_SIZE)
    averaged = ema.network
    assert isinstance(averaged, DamageFusion)
    return averaged


def _backward(network: DamageFusion, path: Path, rng: np.random.Generator) -> float:
    """Add the gradient of one sample, and return its loss."""
    rows, columns = (bool(value < 0.5) for value in rng.random(2))
    photo, target = read_sample(path).mirrored(rows=rows, columns=columns)
    mean = photo.mean
    added = network(torch.from_numpy(photo.fusion_input(mean))[None])[..., : mean.shape[0], : mean.shape[1]]
    logits = torch.from_numpy(mean)[None, None] + added
    loss = fusion_loss(logits, torch.from_numpy(target)[None, None].float())
    (loss / BATCH_SIZE).backward()
    return float(loss.detach())
