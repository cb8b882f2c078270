"""The synthesis as a whole, of holes and pictures of any shape: what it copies, and what stays as it was."""

import itertools
import tracemalloc

import numpy as np
import pytest

from inpaint.compiled.parallel import CancelledError
from inpaint.synthesis import synthesize as module
from inpaint.synthesis.search import Search
from inpaint.synthesis.settings import SETTINGS, Settings
from inpaint.synthesis.synthesize import guide_factor, synthesize
from tests.inpaint.synthesis.photos import surface_bytes, textured, with_hole
from tests.inpaint.synthesis.polls import CancelAt

QUICK = Settings(iterations=(2, 1), sweeps=(2, 1), starts=2, poisson_iterations=4)


def in_box(array, hole):
    """The part of an array in the bounding box of a hole."""
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    return array[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def filled_pixels(picture, hole, usable, thickness_px=20.0, **options):
    """The pixels of a synthesised hole, (n, 3); None if there is no surface."""
    surface = synthesize(picture, hole, usable, thickness_px, **options)
    return None if surface is None else surface.pixels[in_box(hole, hole)]


def random_case(rng):
    """A picture of one colour whose hole and unusable pixels have another one, of any small shape."""
    height, width = rng.integers(1, 90, 2) if rng.integers(3) else (rng.integers(1, 12), rng.integers(1, 200))
    hole = np.zeros((height, width), bool)
    match rng.integers(5):
        case 0:
            hole[rng.integers(height) :, rng.integers(width) : rng.integers(width) + 40] = True
        case 1:
            hole[rng.integers(height)] = True
        case 2:
            hole[:, width // 2 :] = True
        case 3:
            hole |= rng.random(hole.shape) < 0.03
    hole[rng.integers(height), rng.integers(width)] = True
    usable = ~hole & (rng.random(hole.shape) >= rng.choice([0, 0, 0.01, 1]))
    picture = np.where(usable[..., None], np.uint8([200, 100, 0]), np.uint8([0, 255, 0]))
    return picture, hole, usable


@pytest.mark.parametrize("seed", range(6))
def test_holes_of_any_shape_are_filled_from_usable_pixels_only(seed):
    rng = np.random.default_rng(seed)
    for _ in range(25):
        picture, hole, usable = random_case(rng)
        settings = Settings(
            iterations=(2, 1),
            sweeps=(2, 1),
            starts=2,
            poisson_iterations=4,
            most_pixels=int(rng.choice([16, 256, 131072])),
            core_px=float(rng.choice([1, 3, 10.5])),
            stride=int(rng.integers(1, 5)),
        )
        known = picture[~hole]
        pixels = filled_pixels(picture, hole, usable, float(rng.choice([1, 16, 30, 200])), settings=settings)
        assert np.array_equal(picture[~hole], known)
        if pixels is not None and (usable | hole).all():
            assert (pixels == [200, 100, 0]).all()


@pytest.mark.parametrize("shape", [(1, 1), (6, 200), (200, 6)])
def test_a_picture_smaller_than_a_patch_has_no_surface(shape):
    hole = np.zeros(shape, bool)
    hole[0, 0] = True
    assert synthesize(np.zeros((*shape, 3), np.uint8), hole, ~hole, 20) is None


def test_without_a_patch_to_copy_there_is_no_surface():
    photo, hole = with_hole(80, 90, 20, 20, 60, 60)
    usable = ~hole
    usable[::6] = usable[:, ::6] = False
    assert synthesize(photo, hole, usable, 40) is None


def test_a_line_that_vanishes_at_the_levels_of_the_search_has_no_surface():
    hole = np.zeros((80, 90), bool)
    hole[40, :] = True
    assert synthesize(textured(80, 90), hole, ~hole, 200, settings=Settings(most_pixels=4)) is None


def test_a_hole_that_vanishes_at_coarse_levels_only_is_filled():
    photo, hole = textured(200, 300), np.zeros((200, 300), bool)
    hole[100:105] = True
    pixels = filled_pixels(photo.copy(), hole, ~hole, 200, settings=QUICK)
    assert pixels.std() > 0.7 * photo.std()


@pytest.mark.parametrize("most_pixels", [131072, 500, 100])
def test_colours_of_unusable_areas_do_not_enter_the_hole(most_pixels):
    photo, hole = with_hole(150, 160, 50, 60, 90, 100)
    photo = np.repeat(photo[..., :1] // 4 + np.uint8(90), 3, 2)
    usable = ~hole
    usable[30:35] = usable[100:106] = usable[:, 40:46] = usable[:, 120:124] = False
    photo[~usable] = 255, 0, 255
    photo[hole] = 120
    pixels = filled_pixels(photo, hole, usable, 40, settings=Settings(most_pixels=most_pixels))
    assert pixels.std() > 5
    assert (np.ptp(pixels, axis=1) == 0).all()


def test_fills_of_one_colour_are_exact_at_both_ends_of_the_range():
    for value in (0, 1, 254, 255):
        photo, hole = with_hole(90, 100, 20, 20, 70, 70)
        photo[~hole] = value
        assert (filled_pixels(photo, hole, ~hole, 50) == value).all()


@pytest.mark.parametrize("seed_type", [np.int64, np.int32, np.uint8])
def test_a_seed_of_any_integer_type_gives_the_same_bytes_without_overflow(seed_type):
    photo, hole = with_hole(80, 90, 20, 20, 60, 60)
    expected = surface_bytes(photo, hole, 40, settings=QUICK, seed=200)
    assert surface_bytes(photo, hole, 40, settings=QUICK, seed=seed_type(200)) == expected


def test_the_same_seed_gives_the_same_bytes_and_others_give_others():
    photo, hole = with_hole(120, 130, 30, 30, 90, 90)
    results = [surface_bytes(photo, hole, 60, seed=seed) for seed in (0, 0, 1, 2, 2**31 - 1)]
    assert results[0] == results[1]
    assert len(set(results)) == 4


def test_what_lies_in_the_hole_is_only_a_start_that_later_steps_replace():
    photo, hole = with_hole(120, 130, 30, 30, 90, 90)
    pixels = filled_pixels(np.where(hole[..., None], np.uint8(128), photo), hole, ~hole, 60)
    assert 0.7 < pixels.std() / photo.std() < 1.3


def test_the_agreement_is_high_where_a_pattern_goes_on_and_low_where_few_sources_fit():
    hole = np.zeros((144, 144), bool)
    hole[50:94, 50:94] = True
    ring = ~hole
    ring[:36] = ring[108:] = ring[:, :36] = ring[:, 108:] = False
    agreement = []
    for photo, usable in ((np.tile(textured(12, 12), (12, 12, 1)), ~hole), (textured(144, 144), ring)):
        surface = synthesize(np.where(hole[..., None], np.uint8(128), photo), hole, usable, 44)
        agreement.append(surface.agreement[in_box(hole, hole)].mean() / 255)
    assert agreement[0] > 0.7
    assert agreement[1] < agreement[0] - 0.2


def test_a_synthesis_that_is_cancelled_at_any_poll_stops_there():
    photo, hole = with_hole(120, 130, 30, 30, 90, 90)
    settings = Settings(most_pixels=500, iterations=(2,), sweeps=(1,))
    never = CancelAt()
    synthesize(photo.copy(), hole, ~hole, 80, settings=settings, cancelled=never)
    assert never.polls > 8
    for number in range(1, never.polls + 1):
        cancelled = CancelAt(number)
        with pytest.raises(CancelledError):
            synthesize(photo.copy(), hole, ~hole, 80, settings=settings, cancelled=cancelled)
        assert cancelled.polls == number


@pytest.mark.parametrize(
    ("shape", "side", "bytes_per_pixel"),
    [((800, 900), 250, 120), ((2000, 2100), 1250, 22)],
    ids=["searched at full resolution", "refined to full resolution"],
)
def test_memory_is_bounded_by_the_pixels_of_the_picture(shape, side, bytes_per_pixel):
    hole = np.zeros(shape, bool)
    hole[300 : 300 + side, 400 : 400 + side] = True
    picture = np.resize(textured(100, shape[1]), (*shape, 3))
    usable = ~hole
    tracemalloc.start()
    try:
        surface = synthesize(picture, hole, usable, side, settings=QUICK)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert surface is not None
    assert peak < bytes_per_pixel * hole.size


@pytest.mark.parametrize("least", [0.05, 1])
def test_the_network_guides_narrow_holes_and_little_known_surroundings_and_compact_holes_least(least):
    factors = [guide_factor(share, 100, least) for share in (0, 0.1, 0.2, 0.3, 0.5, 1)]
    assert factors == sorted(factors)
    assert factors[0] == pytest.approx(least) and factors[-1] == 1
    factors = [guide_factor(0.05, thickness_px, least) for thickness_px in (500, 70, 50, 30, 16)]
    assert factors == sorted(factors)
    assert factors[0] == pytest.approx(least) and factors[-1] == 1


def test_of_all_starts_the_one_that_fits_best_goes_on(monkeypatch):
    runs, taken = [], []
    run, take_over = Search.run, Search.take_over

    def logged(self, field, *numbers, **done):
        found = run(self, field, *numbers, **done)
        runs.append((field, found, numbers[0], done))
        return found

    monkeypatch.setattr(Search, "run", logged)
    monkeypatch.setattr(Search, "take_over", lambda self, field: taken.append(field) or take_over(self, field))
    photo, hole = with_hole(200, 210, 50, 50, 150, 150)
    synthesize(photo, hole, ~hole, 100)
    tried = list(itertools.takewhile(lambda run: not run[3], runs))
    starts = [found for _, found, iterations, _ in tried if iterations == SETTINGS.mean_votes]  # others follow lines
    assert len(starts) == SETTINGS.starts
    continued = runs[len(tried)]
    best = min(starts, key=lambda found: found.energy)
    assert continued[0] is best.field and continued[3] == {"done": SETTINGS.mean_votes}
    assert taken[0] is continued[1].field


@pytest.mark.parametrize(
    ("targets", "thickness_px", "directions"), [(10**6, 100, 2), (10**6, 60, 1), (10**6, 30, 0), (1, 100, 0)]
)
def test_lines_are_continued_through_wide_holes_unless_these_are_very_large(
    monkeypatch, targets, thickness_px, directions
):
    photo, hole = with_hole(180, 180, 40, 40, 140, 140)
    photo[88:92] = photo[:, 88:92] = 255
    continued = []
    monkeypatch.setattr(module, "_START_TARGETS", targets)
    monkeypatch.setattr(module, "continued_along", lambda level, direction, carried: continued.append(direction))
    synthesize(photo, hole, ~hole, thickness_px)
    assert len(continued) == directions


@pytest.mark.parametrize(
    ("side", "expected"),
    [  # factor of the level -> searches, reach of the random candidates, whether targets lie apart
        (64, {8: (4, 8, False), 4: (3, 2, True), 2: (2, 2, True), 1: (1, 2, True)}),
        (40, {4: (4, 8, False), 2: (3, 2, True), 1: (2, 2, True)}),
        (96, {8: (8, 8, False), 4: (6, 8, False), 2: (3, 8, True), 1: (3, 8, True)}),
    ],
)
def test_narrow_holes_take_fewer_searches_whose_candidates_are_near(side, expected, monkeypatch):
    seen, run = {}, Search.run

    def spied(self, field, iterations, *arguments, done=0, **options):
        seen[self.level.factor] = done + iterations, self._window(False), self.fine
        return run(self, field, iterations, *arguments, done=done, **options)

    monkeypatch.setattr(Search, "run", spied)
    picture = textured(300, 300)
    hole = np.zeros((300, 300), bool)
    hole[100 : 100 + side, 80 : 80 + side] = True
    assert synthesize(picture, hole, ~hole, float(side)) is not None
    assert seen == expected
