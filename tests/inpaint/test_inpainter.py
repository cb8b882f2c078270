"""Any photo and any mask in, the finished photo out; with a simple network in place of a trained one."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from torch import nn

import inpaint
from inpaint.engine.regions import Box
from inpaint.inpainter import Inpainter
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig
from inpaint.networks.generators import build_generator
from inpaint.photos.modes import MODES
from inpaint.photos.opening import MaskError, PhotoError
from tests.pictures import picture, raw


class MeanGenerator(nn.Module):
    """Predicts its guide, or the mean colour of what is known everywhere, and keeps what it was asked."""

    multiple = 16
    fixed_size = None
    config = SimpleNamespace(architecture="mean")

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, masked_image, mask, guide=None):
        assert masked_image.shape[-1] % self.multiple == 0
        assert masked_image.shape[-2] % self.multiple == 0
        assert (masked_image * mask == 0).all()
        assert set(mask.unique().tolist()) <= {0.0, 1.0}
        assert not torch.is_grad_enabled()
        assert masked_image.abs().max() <= 1
        self.seen.append((masked_image, mask))
        if guide is not None:
            assert guide.shape == masked_image.shape
            return guide
        known = (1 - mask).sum((2, 3), keepdim=True).clamp_min(1)
        return (masked_image.sum((2, 3), keepdim=True) / known).expand_as(masked_image)


def inpainter():
    return Inpainter(MeanGenerator(), device="cpu")


def random_mask(height, width, seed):
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), bool)
    for _ in range(rng.integers(1, 5)):
        top, left = rng.integers(height), rng.integers(width)
        mask[top : top + rng.integers(1, height + 1), left : left + rng.integers(1, width + 1)] = True
    mask[rng.integers(height), rng.integers(width)] = False
    return mask


def test_parts_whose_boxes_overlap_do_not_black_out_each_other():
    mask = np.zeros((1200, 1500), bool)
    for thickness, slope in ((260, 1), (8, -1)):
        along = np.arange(1200)
        for row, column in zip(along, 700 + slope * (along - 600) * 0.8, strict=True):
            mask[row, max(0, int(column) - thickness // 2) : int(column) + thickness // 2] = True
    mask[:40, :40] = False
    photo = np.full((1200, 1500, 3), (200, 30, 90), np.uint8)
    assert (np.asarray(inpainter()(photo, mask)) == (200, 30, 90)).all()


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_comes_back_with_its_outside_untouched(mode):
    photo = picture(mode, (75, 61))
    mask = random_mask(61, 75, 0)
    result = inpainter()(photo, mask, max_share=1)
    assert (result.mode, result.size) == (photo.mode, photo.size)
    assert np.array_equal(raw(result)[~mask.ravel()], raw(photo)[~mask.ravel()])


@pytest.mark.parametrize("size", [(2, 1), (1, 9), (3, 500), (129, 127), (801, 64), (1023, 777)])
@pytest.mark.parametrize("seed", range(4))
def test_every_size_comes_back_with_its_outside_untouched(size, seed):
    photo = picture("RGB", size, seed)
    mask = random_mask(size[1], size[0], seed)
    result = np.asarray(inpainter()(photo, mask, max_share=1))
    assert np.array_equal(result[~mask], np.asarray(photo)[~mask])


@pytest.mark.parametrize("config", [ContextEncoderConfig(channels=4, bottleneck_channels=8), FreeFormConfig()])
@pytest.mark.parametrize("size", [(1, 2), (300, 40), (517, 400)])
def test_our_own_generators_fill_any_photo(config, size):
    torch.manual_seed(0)
    photo = picture("RGB", size)
    mask = random_mask(size[1], size[0], 3)
    if not mask.any():
        mask[0, 0] = True
    result = np.asarray(Inpainter(build_generator(config), device="cpu")(photo, mask))
    assert np.array_equal(result[~mask], np.asarray(photo)[~mask])
    assert not np.array_equal(result[mask], np.asarray(photo)[mask])


@pytest.mark.parametrize("size", [(400, 300), (3000, 40), (1500, 1400)])
def test_a_hole_in_a_plain_photo_is_filled_with_its_colour_without_a_trace(size):
    photo = Image.new("RGB", size, (200, 30, 90))
    spoiled = np.array(photo)
    mask = random_mask(size[1], size[0], 1)
    spoiled[mask] = (0, 255, 0)  # what lies under the mask must not shine through
    assert inpainter()(spoiled, mask).tobytes() == photo.tobytes()


@pytest.mark.parametrize("known", [slice(700, 701), slice(311, 1013)], ids=["one pixel", "a frame"])
def test_a_shrunk_crop_takes_no_colour_from_under_the_mask(known):
    mask = np.zeros((1400, 1500), bool)
    if known == slice(700, 701):
        mask[:] = True
        mask[known, known] = False
    else:
        mask[known, known] = True
    spoiled = np.full((1400, 1500, 3), (200, 30, 90), np.uint8)
    spoiled[mask] = (0, 255, 0)
    assert (np.asarray(inpainter()(spoiled, mask, max_share=1)) == (200, 30, 90)).all()


def test_a_large_hole_continues_the_surroundings_at_its_rim():
    """A slope of grey, filled by the untrained generator (a smooth fill): no step where the hole begins."""
    slope = np.repeat(np.linspace(20, 230, 1600)[None, :, None], 1200, 0).repeat(3, 2).round().astype(np.uint8)
    mask = np.zeros((1200, 1600), bool)
    mask[300:900, 500:1100] = True
    result = np.asarray(Inpainter(build_generator(FreeFormConfig()), device="cpu")(slope, mask)).astype(int)
    step = np.abs(np.diff(result[600, :, 0]))
    assert step[498:502].max() <= 6
    assert step[1098:1102].max() <= 6


def test_a_large_hole_gets_texture_as_fine_as_the_photo_can_show():
    class Chequered(MeanGenerator):
        def forward(self, masked_image, mask, guide=None):
            rows, columns = torch.meshgrid(*(torch.arange(n) for n in mask.shape[-2:]), indexing="ij")
            return super().forward(masked_image, mask, guide) * 0.5 + ((rows + columns) % 2 - 0.5) * 0.4

    mask = np.zeros((1200, 1300), bool)
    mask[200:1000, 200:1100] = True
    photo = np.full((1200, 1300, 3), 128, np.uint8)
    result = np.asarray(Inpainter(Chequered(), device="cpu")(photo, mask)).astype(int)
    steps = np.abs(np.diff(result[..., 0], axis=1))[mask[:, 1:]]
    assert np.mean(steps > 30) > 0.98


def test_a_thick_hole_is_as_rough_as_the_stone_around_it_and_not_plain():
    stone = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(400, 500)), 2)
    photo = np.repeat(np.uint8(128 + 30 * stone / stone.std())[..., None], 3, axis=2)
    mask = np.zeros((400, 500), bool)
    mask[100:260, 150:320] = True  # filled in two passes
    deep = (slice(130, 230), slice(180, 290))
    engine = Inpainter(build_generator(FreeFormConfig()), device="cpu")  # untrained: the initial fill
    assert np.asarray(engine(photo, mask))[deep].std() > 0.3 * photo[deep].std()
    plain = engine.with_fills(engine.filler.without_texture().fills)
    assert np.asarray(plain(photo, mask))[deep].std() < 0.2 * photo[deep].std()


def test_a_guided_crop_takes_no_colour_from_other_holes_that_are_still_to_be_filled():
    mask = np.zeros((900, 1200), bool)
    mask[200:500, 200:500] = mask[300:310, 500:1150] = True  # a thick hole and a scratch that leads away from it
    spoiled = np.full((900, 1200, 3), (200, 30, 90), np.uint8)
    spoiled[mask] = (0, 255, 0)
    engine = inpainter()
    assert (np.asarray(engine(spoiled, mask)) == (200, 30, 90)).all()
    assert len(engine.generator.seen) > 4


def test_what_lies_under_the_mask_does_not_matter():
    photo, mask = np.asarray(picture("RGB", (700, 500))).copy(), random_mask(500, 700, 2)
    first = inpainter()(photo, mask)
    photo[mask] = 255
    assert inpainter()(photo, mask).tobytes() == first.tobytes()


def test_tiles_of_a_scratch_see_what_earlier_tiles_have_filled():
    engine = inpainter()
    photo = picture("RGB", (1200, 300))
    mask = np.zeros((300, 1200), bool)
    mask[150:154, 50:1150] = True
    engine(photo, mask)
    (_, first), (_, second) = engine.generator.seen[:2]
    assert second.sum() < mask[:, :512].sum()
    assert first.sum() > 0


def test_an_empty_mask_gives_back_a_copy():
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


def test_a_grown_mask_fills_a_rim_around_the_hole():
    mask = np.zeros((23, 37), bool)
    mask[10, 10] = True
    before = np.asarray(picture("RGB"))
    changed = (np.asarray(inpainter()(before, mask, grow_px=3)) != before).any(axis=2)
    assert changed.sum() == 29  # pixels within 3 of one
    assert changed[10, 7:14].all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_photo_without_colour_gets_none(mode):
    class Tinted(MeanGenerator):
        def forward(self, masked_image, mask):
            return torch.tensor([0.5, 0, -0.5]).view(1, 3, 1, 1).expand_as(masked_image)

    engine = Inpainter(Tinted(), device="cpu")
    mask = np.eye(23, 37, dtype=bool)
    grey = np.asarray(engine(picture("L").convert(mode), mask))
    assert (np.ptp(grey[..., :3], axis=2) == 0).all()
    coloured = np.asarray(engine(picture("RGB").convert(mode), mask))
    assert np.ptp(coloured[mask][:, :3], axis=1).min() > 100


def test_a_batch_answers_each_pair_and_goes_on_after_a_bad_one():
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


def test_files_and_orientation(tmp_path):
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


def test_solved_patches_lead_to_the_same_photo_as_a_call():
    photo = np.asarray(picture("RGB", (900, 700)))
    mask = np.zeros((700, 900), bool)
    mask[100:600, 100:110] = mask[590:600, 100:600] = True  # an L: another hole lies in the box of this one
    mask[200:300, 300:400] = True
    screen = photo.copy()
    for left, top, pixels in inpainter().solve(photo, mask):
        screen[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    assert np.array_equal(screen, np.asarray(inpainter()(photo, mask)))


def test_only_regions_near_the_box_are_solved():
    photo = np.asarray(picture("RGB", (900, 700)))
    mask = np.zeros((700, 900), bool)
    mask[100:120, 100:120] = mask[600:620, 700:720] = True
    (patch,) = inpainter().solve(photo, mask, Box(690, 590, 705, 605))
    assert (patch.left, patch.top, patch.pixels.shape) == (700, 600, (20, 20, 3))


def test_a_session_paints_what_a_call_paints():
    engine = inpainter()
    live = engine.open(picture("RGB", (600, 500)))
    live.stroke([[100, 100], [400, 300]], 40)
    assert live.result().tobytes() == engine(live.photo, live.mask).tobytes()


def test_a_stroke_on_a_long_hole_solves_what_sees_it_and_leaves_the_rest():
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
    masks = [random_mask(140, 150, seed) for seed in range(6)]
    alone = [engine(photo, mask).tobytes() for photo, mask in zip(photos, masks, strict=True)]
    with ThreadPoolExecutor(6) as pool:
        together = [result.tobytes() for result in pool.map(engine, photos, masks)]
    assert together == alone


def test_a_fixed_network_is_asked_for_the_central_square():
    class Fixed(MeanGenerator):
        fixed_size = multiple = 128
        config = SimpleNamespace(region="center")

    engine = Inpainter(Fixed(), device="cpu")
    mask = np.zeros((300, 400), bool)
    mask[0:20, 0:30] = True
    result = np.asarray(engine(Image.new("RGB", (400, 300), (9, 90, 200)), mask))
    ((_, asked),) = engine.generator.seen
    assert asked.shape == (1, 1, 128, 128)
    assert asked[..., 32:96, 32:96].all()
    assert (result == (9, 90, 200)).all()


def test_the_generator_is_put_into_eval_mode_and_float32():
    generator = MeanGenerator().train().to(torch.float16)
    engine = Inpainter(generator, source="here", device="cpu")
    assert not engine.generator.training
    assert engine.source == "here"
    assert engine.config is generator.config


def test_public_names_can_be_imported():
    for name in inpaint.__all__:
        assert getattr(inpaint, name) is not None
        assert name in dir(inpaint)
    with pytest.raises(AttributeError, match="nothing"):
        _ = inpaint.nothing
