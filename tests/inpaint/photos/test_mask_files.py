"""Masks of annotation tools and segmentation networks: COCO, LabelMe and NumPy files."""

import base64
import contextlib
import io
import json
import time

import numpy as np
import pytest
from matplotlib.path import Path as Outline
from PIL import Image, ImageDraw

from inpaint.photos.errors import MaskError, PhotoError
from inpaint.photos.mask_kinds import numpy_files
from inpaint.photos.masks import read_mask, to_mask
from inpaint.photos.opening import open_photo
from tests.pictures import file_bytes, picture

SIZE = (60, 40)
DISK = np.hypot(*np.ogrid[-20:20, -30:30]) < 15
DISK_RLE = {"size": [40, 60], "counts": "_d0;k04M2M4M2O0O2N2O0O2O00000000000000000001N101N2N101N3L3N3L[b0"}
STAR = [[30, 2], [36, 30], [5, 12.5], [55, 12.5], [22, 33]]


def dumped(content):
    return json.dumps(content).encode()


def inside(points):
    """The pixels whose centres lie in a polygon that does not cross itself, by an independent library."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    return Outline(points).contains_points(np.stack([x.ravel(), y.ravel()], 1) + 0.5).reshape(x.shape)


def uncompressed(mask):
    """COCO's list of counts."""
    values = np.concatenate([[0], mask.T.ravel(), [2]])
    changes = np.flatnonzero(np.diff(values))
    return {"size": list(mask.shape), "counts": np.diff(np.concatenate([[0], changes])).tolist()}


def dataset(*annotations, images=None):
    images = images or [{"id": 7, "file_name": "images/Foto.jpg", "width": 60, "height": 40}]
    return dumped({"images": images, "annotations": [{"image_id": 7, **each} for each in annotations]})


# --- COCO


def test_run_lengths_are_read_compressed_and_not():
    """The string was written by pycocotools 2.0.11."""
    for segmentation in (DISK_RLE, uncompressed(DISK)):
        for content in (segmentation, {"segmentation": segmentation}, [{"segmentation": segmentation}], [segmentation]):
            assert (to_mask(dumped(content), SIZE) == DISK).all()
        assert (to_mask(dumped({"segmentation": segmentation}), SIZE, invert=True) == ~DISK).all()


def test_polygons_are_read_by_the_even_odd_rule_and_joined():
    triangle, square = [[3, 4], [50.5, 8], [20, 36.25]], [[40, 20], [58, 20], [58, 38], [40, 38]]
    both = inside(triangle) | inside(square)
    flat = [np.array(ring).ravel().tolist() for ring in (triangle, square)]
    for content in ({"segmentation": flat}, flat, [{"segmentation": flat[:1]}, {"segmentation": flat[1:]}]):
        assert (to_mask(dumped(content), SIZE) == both).all()
    assert (to_mask(dataset(*({"segmentation": [ring]} for ring in flat)), SIZE) == both).all()
    star = to_mask(dumped([np.array(STAR).ravel().tolist()]), SIZE)
    assert not star[15, 30] and star[8, 30]  # the centre of a star that crosses itself is outside
    box = np.array([[10, 10], [20, 10], [20, 15], [10, 15]]).ravel().tolist()
    assert (np.argwhere(to_mask(dumped([box]), SIZE)).min(0) == (10, 10)).all()
    assert to_mask(dumped([box]), SIZE).sum() == 50
    outside = np.array([[-50, -50], [20, -50], [20, 90], [-50, 90]]).ravel().tolist()
    assert (to_mask(dumped([outside]), SIZE) == (np.arange(60) < 20)).all()


def test_the_annotations_of_a_photo_are_found_by_its_name(tmp_path):
    picture("RGB", SIZE).save(tmp_path / "foto.png")
    photo = open_photo(tmp_path / "foto.png")
    images = [
        {"id": key, "file_name": name, "width": 60, "height": 40} for key, name in ((7, "a/Foto.jpg"), (8, "b.jpg"))
    ]
    other = {"image_id": 8, "segmentation": [[0, 0, 9, 0, 9, 9]]}
    data = dataset({"segmentation": DISK_RLE}, other, images=images)
    assert (to_mask(data, SIZE, photo=photo) == DISK).all()
    assert to_mask(dataset(images=images), SIZE, photo=photo).sum() == 0  # a photo without annotations
    with pytest.raises(MaskError, match=r"of 2 photos \(a/Foto.jpg, b.jpg.*none has the name of this photo, which is"):
        to_mask(data, SIZE)
    picture("RGB", SIZE).save(tmp_path / "c.png")
    with pytest.raises(MaskError, match="none has the name c.png"):
        to_mask(data, SIZE, photo=open_photo(tmp_path / "c.png"))
    segment_anything = dumped(
        {"image": {"file_name": "x.jpg", "width": 60, "height": 40}, "annotations": [{"segmentation": DISK_RLE}]}
    )
    assert (to_mask(segment_anything, SIZE) == DISK).all()


def test_numbers_and_names_of_a_dataset_may_be_texts_and_web_addresses(tmp_path):
    square = {"segmentation": [[10, 10, 30, 10, 30, 30, 10, 30]]}
    expected = inside([[10, 10], [30, 10], [30, 30], [10, 30]])
    images = [
        {"id": "7", "file_name": "https://example.org/files/My%20photo.jpg", "width": "60", "height": 40.0},
        {"id": "8", "file_name": "other.jpg", "width": 60, "height": 40},
    ]
    picture("RGB", SIZE).save(tmp_path / "My photo.jpg")
    photo = open_photo(tmp_path / "My photo.jpg")
    assert (to_mask(dataset(square, images=images), SIZE, photo=photo) == expected).all()
    assert (to_mask(dumped([[10, 10], [30, 10], [30, 30], [10, 30]]), SIZE) == expected).all()


@pytest.mark.parametrize(
    "content",
    [
        [{"id": 1, "annotations": [{"result": [{"type": "brushlabels", "value": {"format": "rle", "rle": [0, 1]}}]}]}],
        [[0.2, 0.2, 0.7, 0.2, 0.7, 0.6]],
        [[10, 10, 30, 10]],
        {"annotations": [{"segmentation": [[500, 500, 600, 500, 600, 600]]}]},
    ],
    ids=["another tool", "shares of the size", "two points", "outside"],
)
def test_annotations_that_mark_nothing_are_refused_unless_they_are_empty_run_lengths(content):
    with pytest.raises(MaskError, match="mark none of its pixels.*in pixels"):
        to_mask(dumped(content), SIZE)
    assert not to_mask(dumped({"size": [40, 60], "counts": [2400]}), SIZE).any()
    assert not to_mask(dataset(), SIZE).any()


def test_boxes_are_the_hole_if_there_are_no_outlines_and_this_is_noted():
    read = read_mask(dataset({"bbox": [10, 5, 20, 8], "segmentation": []}), SIZE)
    assert read.hole[5:13, 10:30].all() and read.hole.sum() == 160 and "boxes are the hole" in read.notes[0]


# --- LabelMe


def labelme(*shapes, **more):
    shapes = [{"label": "x", "points": points, "shape_type": kind, **extra} for kind, points, extra in shapes]
    return dumped(
        {"version": "5.5.0", "shapes": shapes, "imageWidth": 60, "imageHeight": 40, "imageData": None, **more}
    )


def test_the_shapes_of_labelme_are_joined():
    triangle = [[3, 4], [50.5, 8], [20, 36.25]]
    assert (to_mask(labelme(("polygon", triangle, {})), SIZE) == inside(triangle)).all()
    box = to_mask(labelme(("rectangle", [[30, 20], [10, 5]], {})), SIZE)
    assert box[5:20, 10:30].all() and box.sum() == 300
    disk = to_mask(labelme(("circle", [[30, 20], [30, 10]], {})), SIZE)
    y, x = np.mgrid[:40, :60] + 0.5
    assert (disk == (np.hypot(x - 30, y - 20) <= 10)).all()
    small = Image.fromarray(np.tri(8, 9, dtype=np.uint8) * 255)
    encoded = base64.b64encode(file_bytes(small)).decode()
    for left, top in ((20, 10), (-3, -2), (55, 36)):
        hole = to_mask(labelme(("mask", [[left, top], [left + 8, top + 7]], {"mask": encoded})), SIZE)
        expected = np.zeros((60, 80), bool)
        expected[top + 10 : top + 18, left + 10 : left + 19] = np.asarray(small) > 0
        assert (hole == expected[10:50, 10:70]).all()
    joined = to_mask(labelme(("polygon", triangle, {}), ("rectangle", [[30, 20], [10, 5]], {})), SIZE)
    assert (joined == inside(triangle) | box).all()


def test_lines_of_labelme_have_its_width_and_are_noted():
    read = read_mask(labelme(("linestrip", [[10, 20], [50, 20]], {})), SIZE)
    assert 9 <= read.hole[:, 30].sum() <= 11 and "10 px wide" in read.notes[0]


# --- NumPy


def saved(array=None, **arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays) if array is None else np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("dtype", ["bool", "u1", ">u2", "i8", "f4"])
def test_numpy_files_are_read_in_every_usual_shape(dtype):
    mask = DISK.astype(dtype)
    other = np.zeros_like(mask)
    other[:4] = 1
    for array in (mask, mask[None], mask[..., None], mask[None, None], np.asfortranarray(mask)):
        for data in (
            saved(array),
            saved(mask=array),
            saved(whatever=array),
            saved(masks=array, image=np.zeros((40, 60, 3))),
        ):
            assert (to_mask(data, SIZE) == DISK).all()
    assert (to_mask(saved(np.stack([mask, other])), SIZE) == DISK | (other > 0)).all()


def test_of_nested_masks_for_one_click_the_best_is_taken_or_the_file_refused():
    radii = np.hypot(*np.ogrid[-20:20, -30:30])
    nested = np.stack([radii < 5, radii < 10, radii < 15])
    with pytest.raises(MaskError, match=r"3 masks that lie in each other.*scores.argmax"):
        to_mask(saved(nested), SIZE)
    read = read_mask(saved(masks=nested, scores=np.array([0.5, 0.9, 0.7], np.float32)), SIZE)
    assert (read.hole == nested[1]).all() and "best score" in read.notes[0]


def test_a_colour_mask_in_a_numpy_file_is_read_like_a_picture():
    colours = np.zeros((40, 60, 3), np.uint8)
    colours[DISK] = (255, 0, 0)
    assert (to_mask(saved(colours), SIZE) == DISK).all()


# --- files


def test_mask_files_are_read_from_paths_and_open_files(tmp_path):
    for name, data in (("a.json", dumped(DISK_RLE)), ("a.npy", saved(DISK)), ("a.npz", saved(mask=DISK))):
        (tmp_path / name).write_bytes(data)
        with (tmp_path / name).open("rb") as file:
            for source in (tmp_path / name, str(tmp_path / name), file, io.BytesIO(data)):
                assert (to_mask(source, SIZE) == DISK).all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "no JSON that can be read"),
        (b"[" * 100_000, "no JSON that can be read"),
        (b"[]", "no annotation that can be read"),
        (b'{"a": 1}', "no annotation that can be read"),
        (dumped({"size": [40, 61], "counts": [2440]}), "mask is 61x40 and the photo is 60x40"),
        (dumped({"size": [40, 60], "counts": [2399]}), "counts 2399 pixels"),
        (dumped({"size": [40, 60], "counts": [-1, 2401]}), "counts that are no numbers"),
        (dumped({"size": [40, 60], "counts": "\x00"}), "damaged"),
        (dumped({"size": [40, 60], "counts": "o" * 90}), "damaged"),
        (dumped({"size": [10**9, 10**9], "counts": [10**18]}), "must have the same size"),
        (dumped([[1, 2, 3]]), "no list of points"),
        (dumped([[1, 2, 3, 4, 5, 1e300]]), "far outside the photo"),
        (dumped([{"image_id": 1}, {"image_id": 2}]), "results of several photos"),
        (dumped({"images": [{"id": 7, "width": 6, "height": 4}], "annotations": []}), "annotations of a photo of 6x4"),
        (labelme(imageWidth=61), "annotations of a photo of 61x40"),
        (labelme(("mask", [[0, 0], [1, 1]], {"mask": "no picture"})), "mask that cannot be read"),
        (labelme(("spline", [[0, 0]], {})), "a spline of 1 points, which cannot be drawn"),
        (saved(np.zeros((40, 61))), r"\(40, 61\), and the photo is 60x40"),
        (saved(np.array([None])), "without pickle"),
        (saved(np.full((40, 60), -1.5)), "values below 0"),
        (saved(np.stack([DISK, ~DISK]) - 0.5), "below 0 .logits"),
        (saved(DISK)[:-10], "truncated"),
        (saved(mask=DISK)[:-30], "cannot be read"),
        (saved(mask=np.zeros((1000, 1000))), r"shape \(1000, 1000\)"),
        (saved(a=DISK, b=DISK), "named mask"),
    ],
)  # fmt: skip
def test_what_is_no_mask_is_refused_with_a_sentence(data, message):
    with pytest.raises(MaskError, match=message):
        to_mask(data, SIZE, max_share=1)


def test_damaged_mask_files_raise_nothing_but_errors_of_masks():
    rng = np.random.default_rng(0)
    files = [
        dataset({"segmentation": DISK_RLE}),
        labelme(("circle", [[30, 20], [30, 10]], {})),
        saved(DISK),
        saved(mask=DISK),
    ]
    for data in files:
        for _ in range(300):
            damaged = bytearray(data)
            for place in rng.integers(len(damaged), size=rng.integers(1, 6)):
                damaged[place] = rng.integers(256)
            with contextlib.suppress(MaskError, PhotoError):
                to_mask(bytes(damaged), SIZE, max_share=1)


def test_run_lengths_are_joined_wherever_they_overlap():
    generator = np.random.default_rng(0)
    masks = [generator.random((40, 60)) < share for share in (0.1, 0.3, 0, 0.2)]
    masks[1][:, -1] = True  # to the last pixel
    masks[3][0, 0] = True  # from the first one
    data = dumped([{"segmentation": uncompressed(mask)} for mask in masks])
    assert (to_mask(data, SIZE) == np.any(masks, axis=0)).all()


def test_thousands_of_run_lengths_of_a_large_photo_take_no_longer_than_a_few():
    size, counts = (3000, 2000), [10, 5, 6_000_000 - 15]
    started = time.process_time()
    mask = to_mask(dumped([{"segmentation": {"size": [2000, 3000], "counts": counts}}] * 5000), size)
    assert mask.sum() == 5 and mask[10:15, 0].all()
    assert time.process_time() - started < 3


def shape(kind, *points):
    return {"shape_type": kind, "points": [list(point) for point in points]}


def test_outlines_that_cover_the_photo_again_and_again_are_refused_and_thousands_of_small_ones_are_not():
    whole = {"bbox": [0, 0, 60, 39]}
    for content in (
        [whole] * 200,
        {"shapes": [shape("rectangle", (0, 0), (60, 40))] * 200},
        {"shapes": [shape("circle", (30, 20), (60, 40))] * 200},
    ):
        with pytest.raises(MaskError, match="100 times as large as the photo; export fewer"):
            to_mask(dumped(content), SIZE)
    small = [shape("rectangle", (3, 2), (5, 4)), shape("point", (30, 20)), shape("line", (2, 30), (9, 31))]
    assert 30 < to_mask(dumped({"shapes": small * 500}), SIZE).sum() < 400


@pytest.mark.parametrize("points", [[(5, 5), (50, 30), (8, 35)], [(-20, 10), (90, 30)], [(59, 39), (59.5, 70)]])
def test_lines_are_drawn_as_pillow_draws_them_on_the_whole_photo(points):
    expected = Image.new("1", SIZE)
    ImageDraw.Draw(expected).line(points, fill=1, width=10)
    mask = to_mask(dumped({"shapes": [shape("linestrip", *points)]}), SIZE)
    assert mask.any() and (mask == np.asarray(expected)).all()


def test_a_mask_of_a_shape_that_is_far_larger_than_its_box_is_not_decoded():
    picture_of = base64.b64encode(file_bytes(Image.new("L", (1000, 1000), 255), "PNG")).decode()
    content = {"shapes": [shape("mask", (5, 5), (9, 9)) | {"mask": picture_of}]}
    with pytest.raises(MaskError, match="cannot be read"):
        to_mask(dumped(content), (1200, 1200))


def test_the_arrays_of_a_file_are_read_up_to_a_size_together(monkeypatch):
    monkeypatch.setattr(numpy_files, "MAX_BYTES", 3 * DISK.nbytes)
    with pytest.raises(MaskError, match="too large"):
        to_mask(saved(**{f"a{number}": np.stack([DISK] * 4) for number in range(2)}), SIZE)
    arrays = {"mask": DISK} | {f"a{number}": DISK for number in range(50)}
    assert (to_mask(saved(**arrays), SIZE) == DISK).all()
    read = numpy_files._read_all(saved(**arrays), SIZE)
    assert sum(array.nbytes for array in read.values()) <= 3 * DISK.nbytes
