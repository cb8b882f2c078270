"""Run the synthesis on small pictures of odd shapes with kernels that are not compiled and check every index.

The compiled kernels check none: an index outside an array reads or overwrites other memory. Run as a module, with
NUMBA_DISABLE_JIT=1.
"""

import numpy as np

from inpaint.synthesis import (
    blurs,
    candidates,
    joining,
    lines,
    pyramid,
    search,
    search_kernels,
    targets,
    vote_kernels,
    voting,
)
from inpaint.synthesis.settings import Settings
from inpaint.synthesis.synthesize import synthesize
from tests.inpaint.synthesis.photos import textured

UNSHARED = (
    (search_kernels, "count_uses"),
    (search_kernels, "add_prices"),
    (search_kernels, "forget_uses"),
    (vote_kernels, "lay_out"),
)
"""Kernels that are called without `parallel`."""


class Checked(np.ndarray):
    """An array that refuses negative indices too; its elements are Python numbers, which do not overflow."""

    def __getitem__(self, index):
        check(self, index)
        value = self.view(np.ndarray)[index]
        return value if isinstance(value, np.ndarray) else value.item()

    def __setitem__(self, index, value):
        check(self, index)
        self.view(np.ndarray)[index] = value


def check(array, index):
    for place, length in zip(index if isinstance(index, tuple) else (index,), array.shape, strict=False):
        if isinstance(place, slice):  # which may end beside the array, but not beyond
            first, last = place.start or 0, (length if place.stop is None else place.stop) - 1
        else:
            first = last = place
        if first < 0 or last >= length:
            raise IndexError(f"{index} in an array of shape {array.shape}")


def checked(arguments):
    return [argument.view(Checked) if isinstance(argument, np.ndarray) else argument for argument in arguments]


def parallel(kernel, count, *arguments, least=0, even_alone=False):
    """Run a kernel on two parts, with checked arrays."""
    for start, stop in ((0, count // 2), (count // 2, count)):
        with np.errstate(over="ignore"):  # of the hash
            kernel(start, stop, *checked(arguments))


def run(shape, rows, columns, settings, seed):
    picture, hole = textured(*shape), np.zeros(shape, bool)
    hole[rows, columns] = True
    usable = ~hole
    usable[:, 9] = False
    surface = synthesize(picture, hole, usable, 40, seed=seed, settings=settings)
    return surface is not None


def main():
    for module in (blurs, candidates, joining, lines, pyramid, search, targets, voting):
        module.parallel = parallel
    for module, name in UNSHARED:
        kernel = getattr(module, name)
        setattr(module, name, lambda *arguments, kernel=kernel: kernel(*checked(arguments)))
    candidates._SWEEPS = 1
    quick = {"iterations": (1,), "sweeps": (1,), "starts": 1, "mean_votes": 1, "poisson_iterations": 1}
    first, middle, last = slice(4), slice(11, 14), slice(-4, None)
    found = run((21, 23), first, last, Settings(**quick, stride=3, window=40), 0)
    found += run((20, 26), last, middle, Settings(**quick, stride=2), 1)
    found += run((57, 59), last, first, Settings(**quick, most_pixels=4), 2)  # refined from half the resolution
    print(f"{found} surfaces")


if __name__ == "__main__":
    main()
