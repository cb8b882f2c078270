"""The Inpainter: any photo and any mask in, the filled photo out; with a generator without weights."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.engine.fills import DRAFTS_END
from inpaint.engine.options import FillOptions
from inpaint.inpainter import Inpainter
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig
from inpaint.networks.generators import build_generator
from inpaint.photos.errors import MaskError, PhotoError
from inpaint.photos.modes import MODES
from tests.inpaint.mean_generator import MeanGenerator
from tests.pictures import picture, random_rectangles, raw


def inpainter():
    return Inpainter(MeanGenerator(), device="cpu")


@pytest.mark.parametrize("mode", MODES)
def test_known_pixels_of_every_mode_are_unchanged(mode):
    photo = picture(mode, (75, 61))
    mask = random_rectangles(61, 75, 0)
    result = inpainter()(photo, mask, max_share=1)
    assert (result.mode, result.size) == (photo.mode, photo.size)
    assert np.array_equal(raw(result)[~mask.ravel()], raw(photo)[~mask.ravel()])


@pytest.mark.parametrize("size", [(2, 1), (1, 9), (3, 500), (129, 127), (801, 64), (1023, 777)])
@pytest.mark.parametrize("seed", range(4))
def test_known_pixels_at_every_size_are_unchanged(size, seed):
    photo = picture("RGB", size, seed)
    mask = random_rectangles(size[1], size[0], seed)
    result = np.asarray(inpainter()(photo, mask, max_share=1))
    assert np.array_equal(result[~mask], np.asarray(photo)[~mask])


@pytest.mark.parametrize("config", [ContextEncoderConfig(channels=4, bottleneck_channels=8), FreeFormConfig()])
@pytest.mark.parametrize("size", [(1, 2), (300, 40), (517, 400)])
def test_both_generators_fill_photos_of_any_size(config, size):
    torch.manual_seed(0)
    photo = picture("RGB", size)
    mask = random_rectangles(size[1], size[0], 3)
    if not mask.any():
        mask[0, 0] = True
    result = np.asarray(Inpainter(build_generator(config), device="cpu")(photo, mask))
    assert np.array_equal(result[~mask], np.asarray(photo)[~mask])
    assert not np.array_equal(result[mask], np.asarray(photo)[mask])


def test_an_empty_mask_gives_a_copy():
    photo = picture("P")
    result = inpainter()(photo, np.zeros((23, 37), bool))
    assert result is not photo
    assert result.mode == "P"
    assert result.tobytes() == photo.tobytes()


def test_a_mask_over_everything_is_refused():
    with pytest.raises(MaskError, match="marks 100 %"):
        inpainter()(picture("RGB"), np.ones((23, 37), bool))
    with pytest.raises(MaskError, match="covers the whole photo"):
        inpainter()(picture("RGB"), np.ones((23, 37), bool), max_share=1)
    with pytest.raises(MaskError, match="covers the whole photo"):
        inpainter()(picture("RGB"), np.eye(23, 37, dtype=bool), grow_px=50)


def test_grow_px_dilates_the_hole():
    mask = np.zeros((23, 37), bool)
    mask[10, 10] = True
    before = np.asarray(picture("RGB"))
    changed = (np.asarray(inpainter()(before, mask, grow_px=3)) != before).any(axis=2)
    assert changed.sum() == 29  # pixels within 3 of one
    assert changed[10, 7:14].all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_grey_photo_stays_grey(mode):
    class Tinted(MeanGenerator):
        def forward(self, masked_image, mask):
            return torch.tensor([0.5, 0, -0.5]).view(1, 3, 1, 1).expand_as(masked_image)

    engine = Inpainter(Tinted(), device="cpu")
    mask = np.eye(23, 37, dtype=bool)
    grey = np.asarray(engine(picture("L").convert(mode), mask))
    assert (np.ptp(grey[..., :3], axis=2) == 0).all()
    coloured = np.asarray(engine(picture("RGB").convert(mode), mask))
    assert np.ptp(coloured[mask][:, :3], axis=1).min() > 100


def test_a_batch_continues_after_a_pair_that_cannot_be_filled():
    good, mask = picture("RGB"), np.eye(23, 37, dtype=bool)
    pairs = [(good, mask), (b"no photo", mask), (good, np.ones((5, 5), bool)), (good, mask)]
    first, second, third, fourth = inpainter().batch(iter(pairs), grow_px=1)
    assert isinstance(second, PhotoError)
    assert isinstance(third, MaskError)
    assert first.tobytes() == fourth.tobytes() == inpainter()(good, mask, grow_px=1).tobytes()


def test_the_sizes_of_photo_and_mask_must_agree():
    with pytest.raises(MaskError, match="10x10 and the photo is 37x23"):
        inpainter()(picture("RGB"), Image.new("L", (10, 10)))
    with pytest.raises(MaskError, match="must be the same"):
        inpainter().solve(np.zeros((4, 4, 3), np.uint8), np.zeros((5, 4), bool))


def test_a_file_is_filled_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture("RGB", (40, 30)).save(tmp_path / "photo.png", exif=exif.tobytes())
    mask = np.zeros((40, 30), np.uint8)
    mask[10:20, 5:9] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    result = inpainter()(tmp_path / "photo.png", str(tmp_path / "mask.png"))
    upright = np.rot90(np.asarray(picture("RGB", (40, 30))), -1)
    assert result.size == (30, 40)
    assert np.array_equal(np.asarray(result)[mask == 0], upright[mask == 0])
    with pytest.raises(PhotoError):
        inpainter().open(tmp_path / "absent.png")


def test_the_patches_of_solve_lead_to_the_same_photo_as_a_call():
    photo = np.asarray(picture("RGB", (900, 700)))
    mask = np.zeros((700, 900), bool)
    mask[100:600, 100:110] = mask[590:600, 100:600] = True  # an L: another hole lies in the box of this one
    mask[200:300, 300:400] = True
    screen = photo.copy()
    for left, top, pixels in inpainter().solve(photo, mask):
        screen[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    assert np.array_equal(screen, np.asarray(inpainter()(photo, mask)))


def test_a_session_gives_the_same_photo_as_a_call():
    engine = inpainter()
    live = engine.open(picture("RGB", (600, 500)))
    live.stroke([[100, 100], [400, 300]], 40)
    assert live.result().tobytes() == engine(live.photo, live.mask).tobytes()


def test_a_stroke_on_a_long_hole_fills_only_the_crops_that_overlap_it():
    engine = inpainter()
    live = engine.open(picture("RGB", (3000, 400)))
    live.stroke([[60, 200], [2900, 200]], 30)
    before = np.asarray(live.result())
    patches = live.stroke([[2900, 200], [2900, 300]], 30)
    after = np.asarray(live.result())
    assert min(patch.left for patch in patches) > 1800
    assert np.array_equal(before[:, :1800], after[:, :1800])
    new = live.mask[:, 2880:]
    assert (after != np.asarray(live.photo)).any(axis=2)[:, 2880:][new].mean() > 0.9


def test_one_inpainter_serves_many_threads():
    engine = Inpainter(build_generator(FreeFormConfig()), device="cpu")
    photos = [picture("RGB", (150, 140), seed) for seed in range(6)]
    masks = [random_rectangles(140, 150, seed) for seed in range(6)]
    alone = [engine(photo, mask).tobytes() for photo, mask in zip(photos, masks, strict=True)]
    with ThreadPoolExecutor(6) as pool:
        together = [result.tobytes() for result in pool.map(engine, photos, masks)]
    assert together == alone


def test_the_generator_is_put_into_eval_mode_and_float32():
    generator = MeanGenerator().train().to(torch.float16)
    engine = Inpainter(generator, source="here", device="cpu")
    assert not engine.generator.training
    assert engine.source == "here"
    assert engine.config is generator.config


def test_with_fills_replaces_the_function_that_fills_holes():
    engine = inpainter()

    def fill_with_black(*arguments):
        for fill in engine.fill_holes(*arguments):
            yield fill._replace(pixels=np.zeros_like(fill.pixels))

    photo, mask = picture("RGB"), np.eye(23, 37, dtype=bool)
    black = engine.with_fills(fill_with_black)
    assert not np.asarray(black(photo, mask))[mask].any()
    session = black.open(photo)
    session.add_mask(mask)
    assert not np.asarray(session.result())[mask].any()
    assert np.asarray(engine(photo, mask))[mask].any()  # the original is unchanged


def test_drafts_are_not_part_of_a_result_and_options_reach_the_fills():
    seen = []

    def with_drafts(pixels, mask, within, options, cancelled):
        seen.append(options)
        fills = list(engine.fill_holes(pixels, mask, within, options, cancelled))
        yield from (fill._replace(pixels=np.zeros_like(fill.pixels), draft=True) for fill in fills)
        yield DRAFTS_END
        yield from fills

    engine = inpainter()
    drafting = engine.with_fills(with_drafts)
    photo, mask = picture("RGB"), np.eye(23, 37, dtype=bool)
    expected = engine(photo, mask).tobytes()
    assert drafting(photo, mask, seed=3, texture_strength=0.5).tobytes() == expected
    assert [result.tobytes() for result in drafting.batch([(photo, mask)], seed=4)] == [expected]
    patches = drafting.solve(np.asarray(photo), mask, seed=5)
    expected_patches = engine.solve(np.asarray(photo), mask)
    assert [patch.pixels.tobytes() for patch in patches] == [patch.pixels.tobytes() for patch in expected_patches]
    drafting.open(photo, seed=6).add_mask(mask)
    assert seen == [FillOptions(3, 0.5), FillOptions(4), FillOptions(5), FillOptions(6)]


def test_find_damage_uses_the_damage_finder_of_the_constructor():
    class MarksDarkPixels:
        def find_damage(self, pixels, **_):
            dark = pixels.max(axis=2) < 50
            return dark, dark.astype(np.float32)

    photo = np.full((20, 30, 3), 200, np.uint8)
    photo[5:7, 3:9] = 0
    found = Inpainter(MeanGenerator(), device="cpu", damage_finder=MarksDarkPixels()).find_damage(photo)
    assert np.array_equal(np.asarray(found) > 0, photo[..., 0] == 0)


def test_the_source_can_be_named_when_weights_are_loaded():
    assert Inpainter.from_pretrained(device="cpu", runtime="pytorch").source == "bundled"
    assert Inpainter.from_pretrained(source="me/mine", device="cpu", runtime="pytorch").source == "me/mine"
