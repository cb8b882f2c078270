"""The settings of the patch synthesis."""

from dataclasses import dataclass

NARROW_PX = 72
"""Holes of up to this thickness, in pixels of the photo, come out the same from any start."""


@dataclass(frozen=True)
class Settings:
    """How patches are compared, searched and joined.

    Lengths are pixels of the photo unless said otherwise. A level is the picture at one scale, a power of two.

    Attributes:
        core_px: thickness of the hole at the coarsest level, in pixels of that level.
        most_halvings: from the finest level to the coarsest one on which patches are searched everywhere.
        most_pixels: of the hole, at the finest level on which patches are searched everywhere; finer levels take over
            its matches and only refine them.
        iterations: EM iterations (search, then voting) per level from the coarsest; the last number serves all others.
        narrow_iterations: the same for holes of up to NARROW_PX thickness, which have one start.
        sweeps: of the search in each iteration, per level in the same way.
        mean_votes: first iterations at the coarsest level that vote by the mean; the others copy by the strongest vote.
        starts: at the coarsest level, of which the one with the least energy after these iterations goes on.
        window: largest distance of random candidates from a match, in pixels of the level; at the start of the coarsest
            level they lie anywhere.
        fine_window: the same at fine levels.
        narrow_window: the same at fine levels in holes of up to NARROW_PX thickness.
        stride: distance of the targets at fine levels, in pixels.
        fine_levels: number of these, from the finest that is searched, and one more for holes of up to NARROW_PX
            thickness; the coarsest level is never one of them.
        offset_tries: candidates per sweep from the offsets at which the photo repeats itself.
        texture: weight of squared differences of the texture channels, beside those of the colours.
        guide: weight of the guide at the coarsest and at the finest level, beside the patch's distance per pixel.
        free_guide: factor of the guide's weight for compact holes in known surroundings, see `guide_factor`.
        guide_sigma_px: standard deviations of the guide's two blurs.
        guide_depth_px: depth in which the weight of the less blurred one falls by a factor of e.
        chroma: factor of colour differences in the guide, beside differences of brightness.
        position: weight of the squared distance from target to source, in units of the longer side; rows count twice.
        occurrence: penalty for a source that is used once more than others, in units of the median distance.
        depth_decay: factor by which a vote weighs less per pixel of depth, of the level.
        screening: weight of the copied values in the Poisson equation.
        poisson_iterations: of its solution.
    """

    core_px: float = 10.5
    most_halvings: int = 4
    most_pixels: int = 128 * 1024
    iterations: tuple[int, ...] = (8, 6, 3)
    narrow_iterations: tuple[int, ...] = (4, 3, 2, 1)
    sweeps: tuple[int, ...] = (2,)
    mean_votes: int = 2
    starts: int = 3
    window: int = 8
    fine_window: int = 8
    narrow_window: int = 2
    stride: int = 2
    fine_levels: int = 2
    offset_tries: int = 3
    texture: float = 30.0
    guide: tuple[float, float] = (4.0, 0.8)
    free_guide: float = 0.07
    guide_sigma_px: tuple[float, float] = (2.0, 8.0)
    guide_depth_px: float = 18.0
    chroma: float = 1.7
    position: float = 0.15
    occurrence: float = 0.4
    depth_decay: float = 1.1
    screening: float = 0.02
    poisson_iterations: int = 24


SETTINGS = Settings()
