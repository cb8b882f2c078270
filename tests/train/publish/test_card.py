"""The model card: its sections, its metadata, and the merging with a card that people edited."""

import dataclasses
import json
import re

import pytest
from huggingface_hub import CardData, ModelCard, RepoCard
from PIL import Image

from inpaint.hub.weights import save_generator
from inpaint.networks.config import ContextEncoderConfig, DamageConfig
from inpaint.networks.damage import DamageNetwork
from inpaint.networks.generators import build_generator
from tests.train.publish.conftest import SCORES
from train.damage.config import DamageTrainConfig
from train.evaluate.results import mean_scores
from train.presets import PRESETS
from train.publish.card import build_card, write_card
from train.publish.card_merge import merge, split_card
from train.publish.card_text import recipe
from train.publish.lineage import Parent
from train.run_config import to_dict


def metadata(card: str) -> dict:
    return RepoCard(card).data.to_dict()


@pytest.mark.parametrize(
    ("init_from", "named"),
    [
        ("bundled", "the weights bundled with the program"),
        ("bundled-thin", "the weights for thin damage bundled with the program"),
        ("context-encoder", "the Context Encoder bundled with the program"),
        ("me/weights@v1", "me/weights@v1"),
        ("/home/someone/runs/first/weights", "the weights of first"),
    ],
)
def test_the_card_names_the_initial_weights(run_dir, init_from, named):
    values = json.loads((run_dir / "config.json").read_text())
    values |= {"init_from": init_from, "discriminator_learning_rate": 2e-5}
    assert "Initial weights" not in build_card(run_dir, run_dir / "weights", None)
    (run_dir / "config.json").write_text(json.dumps(values))
    card = build_card(run_dir, run_dir / "weights", None)
    assert f"| Initial weights | {named} |" in card and "someone" not in card
    assert "| Discriminator learning rate | 2e-05 |" in card


def test_the_card_has_use_training_data_recipe_results_and_limits(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights", {"me/photos": "cc0-1.0"})
    for heading in ("Use", "Training data and licences", "Recipe", "Results", "Limits"):
        assert f"\n## {heading}\n" in card
    assert 'Inpainter.from_pretrained("me/weights")' in card
    assert "[me/photos](https://huggingface.co/datasets/me/photos): cc0-1.0" in card
    assert "| Images seen | 12,345 |" in card
    everywhere, few = card.split("## Results")[1].split("on 1 of these photos")
    assert "| **these weights** | 21.50 | 0.625 | 2.50 |\n" in everywhere  # no method has an ELP
    assert "mean fill" not in everywhere
    # the table of a method that ran on one photo has our scores on that photo
    assert "| **these weights** | 20.00 | 0.500 | 2.00 |  |" in few
    assert "| mean fill | 14.00 | 0.250 | 9.00 | 0.500 |" in few


def test_metrics_that_a_newer_evaluation_has_get_a_column_and_a_result(run_dir):
    newer = [score | {"elp2": 0.5, "detail": 0.75, "seam": None} for score in SCORES[:2]]
    (run_dir / "results.json").write_text(json.dumps(newer))
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    assert "| L1, % (lower is better) | ELP2 (lower is better) | detail (closer to 1 is better) |\n" in card
    assert "| **these weights** | 21.50 | 0.625 | 2.50 | 0.500 | 0.75 |" in card
    (result,) = metadata(card)["model-index"][0]["results"]
    assert {metric["type"] for metric in result["metrics"]} == {"psnr", "ssim", "l1", "elp2", "detail"}


def test_the_use_section_is_valid_python_of_five_lines(run_dir):
    code = re.search(r"```python\n(.*?)```", build_card(run_dir, run_dir / "weights", None), re.DOTALL).group(1)
    compile(code, "card", "exec")
    assert len([line for line in code.splitlines() if line]) == 5
    assert "Inpainter.from_pretrained()" in code


def test_the_metadata_names_licence_datasets_and_our_results(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    found = metadata(card)
    assert (found["license"], found["pipeline_tag"]) == ("other", "image-to-image")
    assert found["datasets"] == ["me/photos"]
    (result,) = found["model-index"][0]["results"]
    values = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert values == {"psnr": 21.5, "ssim": 0.625, "l1": 2.5}
    assert [result.metric_value for result in ModelCard(card).data.eval_results] == [21.5, 0.625, 2.5]


def test_the_card_has_no_local_paths_and_lists_no_folder_as_a_dataset(run_dir, monkeypatch):
    (run_dir / "me" / "photos").mkdir(parents=True)
    monkeypatch.chdir(run_dir)
    assert "datasets" not in metadata(build_card(run_dir, run_dir / "weights", "me/weights"))
    monkeypatch.undo()
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    assert "`holiday pictures`" in card
    assert "/home" not in card
    assert str(run_dir) not in card


@pytest.mark.parametrize(
    ("region", "stated"), [("center", "It was trained on one kind of hole"), ("full", "Its input is 128x128")]
)
def test_the_card_of_a_context_encoder_states_its_paper_its_limits_and_its_losses(run_dir, region, stated):
    generator = ContextEncoderConfig(channels=4, bottleneck_channels=8, region=region)
    save_generator(build_generator(generator), run_dir / "weights")
    paper = dataclasses.replace(PRESETS["context-encoder"][1], generator=generator)
    (run_dir / "config.json").write_text(json.dumps(to_dict(paper)))
    (run_dir / "results.json").write_text(json.dumps([score | {"coverage": "central"} for score in SCORES]))
    card = build_card(run_dir, run_dir / "weights", "me/context-encoder")
    assert "after Context Encoders (Pathak et al. 2016" in card
    assert stated in card.split("## Limits")[1]
    assert "128x128, the central square of half the side is the hole" in card
    assert "| Losses | reconstruction l2 x 0.999, adversarial bce x 0.001 |" in card
    assert "EMA" not in card
    assert metadata(card)["datasets"] == ["frgfm/imagenette"]


def test_the_card_of_a_run_of_the_preset_photos_states_its_losses_and_their_shift():
    text = recipe(to_dict(PRESETS["photos"][1]), 4)
    losses = "reconstruction l1 x 0.1, perceptual x 1.5, rim_l1 x 1, block_mean_l1 x 1, all shifted by less than 32 px"
    assert f"| Losses | {losses} |" in text and "R1 gamma" not in text


def test_a_card_without_results_or_config_states_that(run_dir):
    (run_dir / "results.json").unlink()
    (run_dir / "config.json").unlink()
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    assert "Not measured yet" in card
    assert "Not recorded." in card
    assert "model-index" not in metadata(card)


def test_the_card_shows_the_last_sample_sheet(run_dir):
    write_card(run_dir, run_dir / "weights", "me/weights")
    assert "![Sample sheet](samples.png)" in (run_dir / "weights" / "README.md").read_text()
    with Image.open(run_dir / "weights" / "samples.png") as picture:
        assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_an_unedited_card_is_replaced(run_dir):
    assert write_card(run_dir, run_dir / "weights") == ()
    assert write_card(run_dir, run_dir / "weights", "me/weights", existing="") == ()
    fresh = (run_dir / "weights" / "README.md").read_text()
    assert 'from_pretrained("me/weights")' in fresh
    assert merge(fresh, fresh).text == fresh
    assert merge(fresh.replace("\n", "\r\n"), fresh).text == fresh


def later_card(run_dir):
    """The card of the run after it was resumed on another dataset and measured again."""
    (run_dir / "losses.jsonl").write_text('{"images_seen": 99999}\n')
    (run_dir / "results.json").write_text(json.dumps([score | {"psnr": 30.0} for score in SCORES]))
    config = json.loads((run_dir / "config.json").read_text())
    config["data"]["dataset"] = ["you/holidays"]
    (run_dir / "config.json").write_text(json.dumps(config))
    return build_card(run_dir, run_dir / "weights", "me/weights")


def test_text_outside_generated_parts_is_kept_and_the_parts_are_replaced(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    edited = card.replace("# me/weights: weights for image inpainting", "# Grandma's album, restored")
    edited = (
        edited.replace("## Limits\n\n", "## What it cannot do\n\nNot for cats.\n\n").rstrip() + "\n\nWrite to me.\n"
    )
    fresh = later_card(run_dir)
    text, kept = merge(edited, fresh)
    assert kept == ()
    for words in ("# Grandma's album, restored", "## What it cannot do\n\nNot for cats.\n\n<!-- generated: limits"):
        assert words in text
    assert text.endswith("\n\nWrite to me.\n")
    assert "| Images seen | 99,999 |" in text
    assert "12,345" not in text
    assert "| **these weights** | 30.00 |" in text
    assert "21.50" not in text
    assert merge(text, fresh).text == text, "a second time changes nothing"


def test_edited_parts_are_kept_and_reported_and_new_facts_are_added(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    edited = card.replace("do not use it as evidence", "never use it as evidence")
    edited = edited.replace("| Seed | 7 |", "| Seed | 7, my lucky number |")
    text, kept = merge(edited, later_card(run_dir))
    assert kept == ("recipe", "limits")
    assert "never use it as evidence" in text
    assert "do not use it as evidence" not in text
    assert text.index("my lucky number") < text.index("| Images seen | 99,999 |")


def test_deleted_parts_are_not_added_again(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    start, end = card.index("## Limits"), card.index("<!-- end of limits -->") + len("<!-- end of limits -->")
    text, _ = merge(card[:start] + card[end:], later_card(run_dir))
    assert "evidence" not in text
    assert "99,999" in text


def test_a_card_without_generated_parts_gets_them_below_its_text(run_dir):
    own = "---\nlicense: mit\n---\n# My model\n\nMy own words.\n"
    fresh = later_card(run_dir)
    text, _ = merge(own, fresh)
    assert text.index("# My model\n\nMy own words.\n\n") < text.index("<!-- generated: about")
    assert "weights for image inpainting\n" not in text.replace("## ", "")
    assert merge(text, fresh).text == text
    assert "# me/weights" in merge("---\nlicense: mit\n---\n", fresh).text


def test_metadata_that_a_person_set_is_kept_and_facts_are_replaced(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    found = metadata(card)
    found |= {"license": "mit", "language": "en", "pipeline_tag": "image-feature-extraction"}
    del found["license_name"]
    found["tags"].insert(0, "cats")
    found["datasets"].append("someone/else")
    results = found["model-index"][0]["results"]
    results.append({**results[0], "dataset": {"type": "held-out-large", "name": "not measured this time"}})
    results.append({"task": {"type": "other"}, "dataset": {"type": "mine"}, "metrics": [{"type": "fid", "value": 1}]})
    edited = f"---\n{CardData(**found)}\n---\n{card.split('---', 2)[2]}"
    merged = metadata(merge(edited, later_card(run_dir)).text)
    assert (merged["license"], merged["language"]) == ("mit", "en")
    assert "license_name" not in merged
    assert merged["pipeline_tag"] == "image-feature-extraction"
    assert merged["tags"][0] == "cats"
    assert "inpainting" in merged["tags"]
    assert merged["datasets"] == ["someone/else", "you/holidays"]
    ours, theirs = merged["model-index"][0]["results"]
    assert ours["metrics"][0] == {"type": "psnr", "name": "PSNR, dB, over the hole", "value": 30.0}
    assert theirs["dataset"]["type"] == "mine"
    (run_dir / "results.json").unlink()
    unmeasured = metadata(merge(card, build_card(run_dir, run_dir / "weights", "me/weights")).text)
    assert "model-index" not in unmeasured, "the results were those of the previous weights"


def test_results_of_another_model_in_the_card_stay_under_its_name(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    found = metadata(card)
    theirs = {
        "task": {"type": "image-to-image"},
        "dataset": {"type": "mine"},
        "metrics": [{"type": "psnr", "value": 1}],
    }
    found["model-index"].append({"name": "another", "results": [theirs]})
    merged = metadata(merge(f"---\n{CardData(**found)}\n---\n{card.split('---', 2)[2]}", later_card(run_dir)).text)
    ours, others = merged["model-index"]
    assert [result["dataset"]["type"] for result in ours["results"]] == ["held-out-strokes"]
    assert (others["name"], others["results"][0]["metrics"]) == ("another", theirs["metrics"])


@pytest.mark.parametrize("fence", ["---", "---  "])
def test_metadata_is_read_between_lines_with_trailing_spaces(fence):
    card = f"{fence}\nlicense: mit\n{fence}\n\nMy own words.\n"
    assert split_card(card) == ({"license": "mit"}, "\nMy own words.\n")
    assert split_card(f"{fence}\n{fence}\nMy own words.\n") == ({}, "My own words.\n")


def test_a_horizontal_rule_is_not_metadata():
    card = "---\n\n# My model\n\nMy own words.\n"
    assert split_card(card) == ({}, card)


def test_invalid_metadata_is_refused(run_dir):
    with pytest.raises(ValueError, match="not valid YAML"):
        merge("---\nlicense: [mit\n---\nWords\n", build_card(run_dir, run_dir / "weights", "me/weights"))


def test_means_leave_unmeasured_values_out():
    assert mean_scores(SCORES)["strokes"]["ours"] == {"psnr": 21.5, "ssim": 0.625, "l1": 2.5, "photos": 2}


def test_the_card_of_a_damage_network_describes_segmentation(run_dir):
    network = DamageConfig(channels=(4, 4, 4, 4), blocks=1)
    save_generator(DamageNetwork(network), run_dir / "weights")
    config = DamageTrainConfig(dataset=("me/photos:small",), network=network)
    (run_dir / "config.json").write_text(json.dumps(to_dict(config)))
    card = build_card(run_dir, run_dir / "weights", "me/damage")
    found = metadata(card)
    assert (found["pipeline_tag"], found["datasets"]) == ("image-segmentation", ["me/photos"])
    assert "model-index" not in found and "## Results" not in card
    assert "finds damage in scans" in card and "| Crops | 192x192, batches of 8 |" in card
    code = re.search(r"```python\n(.*?)```", card, re.DOTALL).group(1)
    compile(code, "card", "exec")


def test_the_card_tells_the_change_since_the_start_and_the_families_of_masks_only(run_dir):
    assert "weights that the run started from" not in build_card(run_dir, run_dir / "weights", None)
    (run_dir / "comparison.json").write_text(json.dumps({"score": 1.002, "other_score": 0.99, "better": False}))
    config = json.loads((run_dir / "config.json").read_text())
    config["data"]["masks"] |= {"zoom": 1.5, "extra": [["comb", 0.25]]}
    (run_dir / "config.json").write_text(json.dumps(config))
    card = build_card(run_dir, run_dir / "weights", None)
    assert "started from: +0.2% on held-out photos of the kind that they were trained on, -1.0% on other photos" in card
    assert "| region 0.3, strokes 0.5, scratches 0.2, comb 0.25 |" in card


def test_results_on_a_dataset_of_the_hub_name_its_split_and_revision_and_replace_older_ones(run_dir):
    source = {"dataset": "me/held-out", "split": "validation", "revision": "a" * 40}
    rows = [{**score, **source, "coverage": coverage} for score in SCORES for coverage in ("strokes", "large")]
    (run_dir / "results.json").write_text(json.dumps(rows))
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    (result,) = metadata(card)["model-index"][0]["results"]
    dataset = result["dataset"]
    assert (dataset["type"], dataset["split"], dataset["revision"]) == ("me/held-out", "validation", "a" * 40)
    psnr = [metric for metric in result["metrics"] if metric["type"] == "psnr"]
    assert [(metric["config"], metric["value"]) for metric in psnr] == [("strokes", 21.5), ("large", 21.5)]
    assert ModelCard(card).data.eval_results[0].dataset_revision == "a" * 40

    (run_dir / "results.json").write_text(json.dumps([{**row, "dataset": "me/others"} for row in rows]))
    merged = merge(card, build_card(run_dir, run_dir / "weights", "me/weights")).text
    (result,) = metadata(merged)["model-index"][0]["results"]
    assert result["dataset"]["type"] == "me/others"


def test_other_terms_have_a_link_to_the_section_that_states_them(run_dir):
    found = metadata(build_card(run_dir, run_dir / "weights", "me/weights"))
    page, _, anchor = found["license_link"].partition("#")
    assert page == "https://huggingface.co/me/weights/blob/main/README.md"
    assert anchor == "training-data-and-licences"
    assert "license_link" not in metadata(build_card(run_dir, run_dir / "weights", None))
    values = json.loads((run_dir / "config.json").read_text()) | {"license": "cc0-1.0"}
    (run_dir / "config.json").write_text(json.dumps(values))
    assert "license_link" not in metadata(build_card(run_dir, run_dir / "weights", "me/weights"))


def test_the_terms_of_a_parent_have_a_link_too(run_dir):
    write_card(run_dir, run_dir / "weights", "me/weights", parent=Parent("old", None, "other", "their-terms", ()))
    found = metadata((run_dir / "weights" / "README.md").read_text())
    assert (found["license_name"], "me/weights" in found["license_link"]) == ("their-terms", True)


def test_weights_under_a_second_name_do_not_point_to_the_first(run_dir):
    config = json.loads((run_dir / "config.json").read_text()) | {"license": "other"}
    (run_dir / "config.json").write_text(json.dumps(config))
    write_card(run_dir, run_dir / "weights", "me/first")
    path = run_dir / "weights" / "README.md"
    linked = "The demo uses https://huggingface.co/me/first too."
    path.write_text(path.read_text().replace("\n## Use\n", f"\n{linked}\n\n## Use\n"))
    write_card(run_dir, run_dir / "weights", "you/second")
    card = path.read_text()
    assert "\n# you/second: weights for image inpainting\n" in card and linked in card
    assert metadata(card)["license_link"].startswith("https://huggingface.co/you/second/blob/main/README.md#")
    assert metadata(card)["thumbnail"] == "https://huggingface.co/you/second/resolve/main/samples.png"
    assert card.count("me/first") == linked.count("me/first")


def test_metrics_that_were_measured_are_named_and_those_of_a_person_stay(run_dir):
    card = build_card(run_dir, run_dir / "weights", "me/weights")
    assert metadata(card)["metrics"] == ["psnr", "ssim", "l1"]
    mine = card.replace("metrics:\n- psnr\n", "metrics:\n- fid\n- psnr\n")
    assert metadata(merge(mine, card).text)["metrics"] == ["fid", "psnr", "ssim", "l1"]
    (run_dir / "results.json").unlink()
    assert "metrics" not in metadata(build_card(run_dir, run_dir / "weights", "me/weights"))


def test_the_card_shows_curves_and_the_comparison_with_the_start_where_the_run_has_them(run_dir):
    assert "## Pictures" not in build_card(run_dir, run_dir / "weights", "me/weights")
    for name in ("losses.png", "comparison.png"):
        Image.new("RGB", (8, 8), "red").save(run_dir / name)
    write_card(run_dir, run_dir / "weights", "me/weights")
    card = (run_dir / "weights" / "README.md").read_text()
    for name in ("losses.png", "comparison.png", "samples.png"):
        assert f"]({name})" in card and (run_dir / "weights" / name).exists()
    assert metadata(card)["thumbnail"] == "https://huggingface.co/me/weights/resolve/main/samples.png"


def test_emissions_are_the_recorded_time_at_the_given_power(run_dir):
    values = json.loads((run_dir / "config.json").read_text()) | {"ran": {"minutes": 90}, "init_from": "bundled"}
    (run_dir / "config.json").write_text(json.dumps(values))
    assert "co2_eq_emissions" not in metadata(build_card(run_dir, run_dir / "weights", "me/weights"))
    found = metadata(build_card(run_dir, run_dir / "weights", "me/weights", watts=70))["co2_eq_emissions"]
    assert (found["emissions"], found["training_type"]) == (50.0, "fine-tuning")  # 1.5 h x 0.07 kW x 480 g
    assert "1.5 hours at 70 W" in found["source"]
