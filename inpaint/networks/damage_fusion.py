"""The network that decides from what the damage network sees at three sizes of a photo."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import DamageFusionConfig


class DamageFusion(nn.Module):
    """A few dilated convolutions over the logits of three sizes, and what is usual in the whole photo.

    What is damage at one size and not at another is decided by what lies around, and by the photo: where the network is
    a little unsure everywhere, as in a spider's web or a giraffe's coat, it takes more to be damage.

    Args:
        config: sizes.

    Reference:
        Yu and Koltun 2016, arXiv:1511.07122 (dilated convolutions); Hu et al. 2018, arXiv:1709.01507, section 3.1 (what
        is usual in the whole picture, added instead of multiplied).
    """

    multiple = DamageFusionConfig.multiple

    def __init__(self, config: DamageFusionConfig) -> None:
        super().__init__()
        self.config, wide = config, config.channels
        self.first = nn.Conv2d(24, wide, 3, padding=1)
        self.around = nn.Sequential(nn.Linear(4 * wide, wide), nn.ReLU(), nn.Linear(wide, wide))
        self.layers = nn.ModuleList(
            nn.Conv2d(wide, wide, 3, padding=dilation, dilation=dilation) for dilation in config.dilations
        )
        self.last = nn.Conv2d(wide, 4, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Return what is added to the mean of the logits.

        Args:
            x: (B, 24, H / 2, W / 2), see `segmentation.fusion_input`; H and W multiples of 32.

        Returns:
            (B, 1, H, W).
        """
        x = F.relu(self.first(x))
        for index, layer in enumerate(self.layers):
            if index == 1:
                x = x + self.around(_usual(x))[..., None, None]
            x = x + F.relu(layer(x))
        return F.pixel_shuffle(self.last(x), 2)

    @torch.no_grad()
    def set_strength(self, share: float, offset: float) -> None:
        """Change the last layer so that a share of what it gave is added, and an offset: the network decides less."""
        self.last.weight *= share
        self.last.bias.mul_(share).add_(offset)  # type: ignore[union-attr]


def _usual(x: Tensor) -> Tensor:
    """Return the mean, the root mean square and the largest means of blocks of each channel, (B, C, H, W) -> (B, 4 C).

    The blocks have 8x8 and 16x16 cells.
    """
    blocks = F.avg_pool2d(x, 8)
    largest = [part.amax((2, 3)) for part in (blocks, F.avg_pool2d(blocks, 2))]
    return torch.cat([x.mean((2, 3)), x.square().mean((2, 3)).sqrt(), *largest], 1)
