"""The contest of candidate networks."""

import pytest
import torch

from inpaint.config import FreeFormConfig
from inpaint.generators import FreeFormGenerator
from inpaint.pyramid import smooth_fill
from train import contest
from train.candidates import CANDIDATES
from train.contest import Result, table

TINY = FreeFormConfig(channels=(8, 16, 16), blocks=1, attention_every=0, borrow_channels=0)


def batches(count: int, seed: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Pictures of one slope each, with a square hole."""
    random = torch.Generator().manual_seed(seed)
    mask = torch.zeros(contest.BATCH, 1, 64, 64, dtype=torch.uint8)
    mask[..., 16:48, 16:48] = 1
    found = []
    for _ in range(count):
        slopes = torch.rand(contest.BATCH, 3, 1, 1, generator=random) * torch.linspace(0, 255, 64)
        found.append((slopes.expand(-1, -1, 64, 64).to(torch.uint8), mask))
    return found


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_candidate_starts_at_the_first_guess_and_learns_in_all_its_layers(name):
    generator = CANDIDATES[name]().train()
    image, mask = torch.rand(1, 3, 64, 64) * 2 - 1, torch.zeros(1, 1, 64, 64)
    mask[..., 20:40, 8:60] = 1
    assert torch.equal(generator(image * (1 - mask), mask), smooth_fill(image * (1 - mask), mask))
    torch.nn.init.normal_(generator.to_rgb.weight)
    with torch.autocast("cpu", torch.bfloat16):
        generator(image * (1 - mask), mask).float().square().sum().backward()
    # borrowing opens in its second step: its last layer starts at zero
    silent = [key for key, value in generator.named_parameters() if value.grad is None or not value.grad.any()]
    assert all(key.startswith("borrow.") for key in silent), silent


def test_candidates_get_equal_cpu_time_and_equal_ones_reach_the_same():
    build = {"one": lambda: FreeFormGenerator(TINY), "other": lambda: FreeFormGenerator(TINY)}
    torch.set_num_threads(1)
    one, other = contest.contest(build, batches(4, 0), batches(1, 1), budget_s=1.0)
    assert one.parameters == other.parameters
    assert one.images == pytest.approx(other.images, rel=0.3)
    assert one.psnr["all"] == pytest.approx(other.psnr["all"], abs=0.5)
    assert one.images >= 2 * contest.BATCH


def test_the_table_has_the_best_candidate_first():
    results = [Result("blunt", 10**6, 0.4, 800, dict.fromkeys((*contest.BANDS, "all"), 18.0))]
    results.append(Result("sharp", 2 * 10**6, 0.4, 720, dict.fromkeys((*contest.BANDS, "all"), 19.0)))
    lines = table(results).splitlines()
    assert lines[2].startswith("| sharp | 2.0 | 0.40 | 720 |")
    assert lines[3].startswith("| blunt")
