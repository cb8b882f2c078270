"""Mask families: coverage, shape, reproducibility, any size."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from train import registry
from train.masks.__main__ import main
from train.masks.families import MASK_FAMILIES, free_form_strokes, sample_mask
from train.masks.silhouettes import place_silhouette
from train.masks.strokes import brush_stroke, hairline, scratch, tear

SIZES = [(1, 1), (1, 7), (2, 2), (16, 16), (5, 900), (2000, 3), (128, 128), (97, 211), (768, 1024)]


def draw(name: str, height: int, width: int, seed: int = 0, silhouettes=None) -> np.ndarray:
    return sample_mask({name: 1.0}, height, width, np.random.default_rng(seed), silhouettes)


def coverages(name: str, height: int, width: int, count: int = 20) -> list[float]:
    return [float(draw(name, height, width, seed).mean()) for seed in range(count)]


@pytest.mark.parametrize("name", MASK_FAMILIES)
@pytest.mark.parametrize("size", SIZES)
def test_any_size_gives_a_bool_mask_that_is_not_empty(name, size):
    mask = draw(name, *size)
    assert mask.shape == size
    assert mask.dtype == bool
    assert mask.any()


@pytest.mark.parametrize("name", MASK_FAMILIES)
def test_the_same_seed_gives_the_same_mask(name):
    assert np.array_equal(draw(name, 90, 120, seed=3), draw(name, 90, 120, seed=3))


@pytest.mark.parametrize("name", sorted(set(MASK_FAMILIES) - {"central"}))
def test_different_seeds_give_different_masks(name):
    assert not np.array_equal(draw(name, 90, 120, seed=3), draw(name, 90, 120, seed=4))


def test_the_central_region_is_half_of_each_side():
    mask = draw("central", 128, 64)
    expected = np.zeros((128, 64), dtype=bool)
    expected[32:96, 16:48] = True
    assert np.array_equal(mask, expected)


@pytest.mark.parametrize("size", [(16, 16), (17, 40), (128, 128), (5, 900), (600, 400)])
def test_random_blocks_cover_a_quarter_within_two_percentage_points(size):
    assert all(0.23 <= share <= 0.27 for share in coverages("blocks", *size, count=40))


def test_random_blocks_are_a_union_of_several_squares():
    mask = draw("blocks", 128, 128)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    bounding_box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    assert mask.sum() < 0.9 * bounding_box  # one rectangle would fill its box


def test_random_blocks_occur_in_every_part_of_the_image():
    frequency = np.mean([draw("blocks", 64, 64, seed) for seed in range(80)], axis=0)
    parts = frequency.reshape(8, 8, 8, 8).mean(axis=(1, 3))
    assert parts.min() > 0.02
    assert parts.max() < 0.7


@pytest.mark.parametrize("size", [(128, 128), (256, 256), (481, 321)])
@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [("scratches", 0.02, 0.05), ("strokes", 0.10, 0.25), ("region", 0.05, 0.25), ("large", 0.30, 0.45)],
)
def test_families_keep_to_their_range_of_coverage_and_use_it(name, lowest, highest, size):
    shares = coverages(name, *size)
    assert min(shares) >= lowest
    assert max(shares) <= highest
    assert max(shares) - min(shares) > 0.3 * (highest - lowest)


def test_coverage_is_a_parameter():
    mask = free_form_strokes(128, 128, np.random.default_rng(0), coverage=(0.5, 0.6))
    assert 0.5 <= mask.mean() <= 0.6


def test_scratches_are_thin_and_large_holes_are_wide():
    def share_after_erosion(name: str) -> float:
        mask = draw(name, 256, 256)
        core = mask.copy()
        for _ in range(6):
            core[1:-1, 1:-1] &= core[:-2, 1:-1] & core[2:, 1:-1] & core[1:-1, :-2] & core[1:-1, 2:]
        return core[8:-8, 8:-8].sum() / mask.sum()

    assert share_after_erosion("scratches") < 0.01
    assert share_after_erosion("large") > 0.3


def test_the_region_has_the_shape_of_the_silhouette():
    disc = np.hypot(*np.mgrid[-30:31, -30:31]) <= 30
    bar = np.ones((4, 60), dtype=np.uint8)

    def fullness(shape: np.ndarray) -> float:
        """Return the area over the squared diagonal of the bounding box: high for a disc, low for a bar."""
        values = []
        for seed in range(12):
            mask = place_silhouette(400, 400, np.random.default_rng(seed), coverage=0.02, silhouettes=[shape])
            rows, columns = np.nonzero(mask)
            if len(rows):
                values.append(len(rows) / (np.ptp(rows) ** 2 + np.ptp(columns) ** 2))
        return float(np.mean(values))

    assert fullness(disc) > 3 * fullness(bar)


def test_a_silhouette_that_is_not_cut_has_the_given_coverage():
    disc = np.hypot(*np.mgrid[-30:31, -30:31]) <= 30
    shares = [
        place_silhouette(300, 300, np.random.default_rng(seed), coverage=0.05, silhouettes=[disc]).mean()
        for seed in range(40)
    ]
    assert np.median(shares) == pytest.approx(0.05, rel=0.15)
    assert max(shares) < 0.06


def test_consecutive_placements_of_a_silhouette_differ():
    disc = np.hypot(*np.mgrid[-30:31, -30:31]) <= 30
    rng = np.random.default_rng(0)
    first, second = (place_silhouette(200, 200, rng, coverage=0.1, silhouettes=[disc]) for _ in range(2))
    assert not np.array_equal(first, second)


def test_silhouettes_are_rotated_by_every_angle():
    bar = np.ones((4, 60), dtype=bool)
    angles = []
    for seed in range(40):
        rows, columns = np.nonzero(
            place_silhouette(400, 400, np.random.default_rng(seed), coverage=0.01, silhouettes=[bar])
        )
        if len(rows) > 20:
            _, axes = np.linalg.eigh(np.cov(columns, rows))
            angles.append(np.degrees(np.arctan2(axes[1, 1], axes[0, 1])) % 180)
    assert (np.histogram(angles, bins=4, range=(0, 180))[0] >= 3).all()


def test_silhouettes_are_deformed_elastically_and_not_only_affinely():
    disc = np.hypot(*np.mgrid[-30:31, -30:31]) <= 30
    errors = []
    for seed in range(30):
        mask = place_silhouette(400, 400, np.random.default_rng(seed), coverage=0.05, silhouettes=[disc])
        if not (mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()):
            ellipse_area = 4 * np.pi * np.sqrt(np.linalg.det(np.cov(np.nonzero(mask))))
            errors.append(abs(ellipse_area / mask.sum() - 1))  # 0 for any affine image of a disc
    assert np.mean(errors) > 0.005


def test_silhouettes_are_placed_everywhere_also_across_the_edge():
    disc = np.hypot(*np.mgrid[-30:31, -30:31]) <= 30
    masks_drawn = [
        place_silhouette(60, 90, np.random.default_rng(seed), coverage=0.1, silhouettes=[disc]) for seed in range(60)
    ]
    parts = np.mean(masks_drawn, axis=0).reshape(6, 10, 9, 10).mean(axis=(1, 3))
    assert parts.min() > 0.02
    assert any(mask[:, 0].any() for mask in masks_drawn)


@pytest.mark.parametrize("name", ["region", "large"])
def test_sample_mask_passes_silhouettes_to_the_families_that_use_them(name):
    bar = np.ones((3, 60), dtype=bool)
    assert not all(np.array_equal(draw(name, 90, 90, s, [bar]), draw(name, 90, 90, s)) for s in range(3))


def test_empty_silhouettes_are_replaced_by_generated_ones():
    empty = np.zeros((20, 20), dtype=bool)
    assert draw("region", 64, 64, silhouettes=[empty]).any()
    assert np.array_equal(draw("region", 64, 64, silhouettes=[]), draw("region", 64, 64))


def test_a_tear_starts_at_an_edge_of_the_image():
    for seed in range(10):
        mask = tear(128, 128, np.random.default_rng(seed))
        assert mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()


def test_wide_strokes_strokes_scratches_and_hairlines_have_decreasing_area():
    def mean_area(draw_one, **options) -> float:
        return float(np.mean([draw_one(256, 256, np.random.default_rng(s), **options).sum() for s in range(30)]))

    assert mean_area(brush_stroke, wide=True) > 1.8 * mean_area(brush_stroke)
    assert mean_area(brush_stroke) > 4 * mean_area(scratch)
    assert mean_area(scratch) > mean_area(hairline) > 20


def test_families_are_drawn_in_proportion_to_their_weights():
    rng = np.random.default_rng(0)
    middle = np.zeros((32, 32), dtype=bool)
    middle[8:24, 8:24] = True
    hits = sum(
        np.array_equal(sample_mask({"central": 3, "blocks": 1, "strokes": 0}, 32, 32, rng), middle) for _ in range(400)
    )
    assert 260 <= hits <= 340


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"blobs": 1.0}, "'blobs' is unknown: use central, blocks"),
        ({"central": 0.0}, "at least one above 0"),
        ({"central": 2.0, "blocks": -1.0}, "weights of 0 or more"),
        ({"central": float("nan")}, "weights of 0 or more"),
        ({}, "at least one above 0"),
    ],
)
def test_invalid_weights_raise(weights, message):
    with pytest.raises(ValueError, match=message):
        sample_mask(weights, 8, 8, np.random.default_rng(0))


@pytest.mark.parametrize("name", MASK_FAMILIES)
def test_a_size_of_zero_raises(name):
    with pytest.raises(ValueError, match="mask size is 0x8"):
        draw(name, 0, 8)


def test_the_command_draws_one_row_per_family(tmp_path, capsys):
    disc = (np.hypot(*np.mgrid[-20:21, -20:21]) <= 20).astype(np.uint8) * 255
    (tmp_path / "shapes").mkdir()
    Image.fromarray(disc).save(tmp_path / "shapes" / "disc.png")
    output = tmp_path / "new" / "sheet.png"
    main(["--output", str(output), "--shapes", str(tmp_path / "shapes")])
    assert str(output) in capsys.readouterr().out
    with Image.open(output) as image:
        sheet = np.asarray(image)
    ground = (sheet == (0x2F, 0x41, 0x56)).all(axis=2).mean(axis=1) > 0.2
    assert np.count_nonzero(np.diff(ground.astype(int)) == 1) == len(MASK_FAMILIES) + len(registry.MASK_FAMILIES)


def test_the_command_rejects_a_folder_without_silhouettes(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--shapes", str(tmp_path), "--output", str(tmp_path / "sheet.png")])
    assert "holds no images: give a folder of silhouettes" in capsys.readouterr().err
