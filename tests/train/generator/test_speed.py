import dataclasses
import re

from inpaint.hub.weights import save_generator
from tests.datasets import png, write_parquet
from tests.inpaint.runtime.crops import small
from train.generator.speed import Speed, main, table
from train.presets import PRESETS


def test_the_command_measures_stream_and_step(tmp_path, capsys):
    folder = write_parquet(tmp_path, [png(value, size=(90, 80)) for value in range(0, 200, 10)])
    assert main(["tiny", "--data", folder, "--seconds", "0.5", "--steps", "2"]) == 0
    speeds = re.findall(r"\| ([\d.]+) \| ([\d.]+) \|", capsys.readouterr().out)
    (streamed, _), (consumed, _) = [map(float, speed) for speed in speeds]
    assert streamed > 0
    assert consumed > 0
    assert main(["tiny", "--data", "/no/such/place"]) == 1
    assert "cannot be opened" in capsys.readouterr().err


def test_a_preset_that_starts_from_weights_is_measured_with_their_network(tmp_path, capsys, monkeypatch):
    folder = write_parquet(tmp_path, [png(value, size=(90, 80)) for value in range(0, 200, 10)])
    save_generator(small(), tmp_path / "weights")
    _, finetune = PRESETS["finetune"]
    data = dataclasses.replace(finetune.data, resolution=32, batch_size=2)
    tiny = dataclasses.replace(finetune, init_from=str(tmp_path / "weights"), data=data)
    monkeypatch.setitem(PRESETS, "finetune", ("", tiny))
    arguments = ["finetune", "--data", folder, "--seconds", "0.1", "--steps", "1"]
    assert main(arguments) == 0, capsys.readouterr().err


def test_the_table_has_the_ratio_of_both_speeds():
    assert "| ratio | 50.0 x | 20.0 x |" in table(Speed(100, 0.01), Speed(2, 0.2), "cpu")
