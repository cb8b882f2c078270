"""Options of a fill, which travel with it from the public interfaces to the filler."""

import reprlib
from dataclasses import dataclass, field

import numpy as np

MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class FillOptions:
    """How holes are filled. It can be pickled, as fills may be computed in another process.

    Attributes:
        seed: from 0 to MAX_SEED. The same seed gives the same fill, another one another fill of thick holes.
        texture_strength: from 0 to 1: how much of a thick hole's surface is synthesised from patches of the photo. At
            0 the hole shows the network's fill alone.
        unknown: bool (H, W), pixels that nothing is continued from although they are not filled, such as transparent
            ones, whose colours are hidden; None: there are none.

    Raises:
        ValueError: a number is out of range.
    """

    seed: int = 0
    texture_strength: float = 1.0
    unknown: np.ndarray | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        seed, strength = self.seed, self.texture_strength
        whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
        if not whole or not 0 <= seed <= MAX_SEED:
            raise ValueError(f"seed is {reprlib.repr(seed)}; it must be a whole number from 0 to {MAX_SEED}: try 0")
        number = isinstance(strength, int | float | np.number) and not isinstance(strength, bool)
        if not number or not 0 <= strength <= 1:
            raise ValueError(f"texture_strength is {reprlib.repr(strength)}; it must be a number from 0 to 1: try 1")


DEFAULT_OPTIONS = FillOptions()
