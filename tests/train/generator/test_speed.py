import re

from tests.datasets import png, write_parquet
from train.generator.speed import Speed, main, table


def test_the_command_measures_stream_and_step(tmp_path, capsys):
    folder = write_parquet(tmp_path, [png(value, size=(90, 80)) for value in range(0, 200, 10)])
    assert main(["tiny", "--data", folder, "--seconds", "0.5", "--steps", "2"]) == 0
    speeds = re.findall(r"\| ([\d.]+) \| ([\d.]+) \|", capsys.readouterr().out)
    (streamed, _), (consumed, _) = [map(float, speed) for speed in speeds]
    assert streamed > 0
    assert consumed > 0
    assert main(["tiny", "--data", "/no/such/place"]) == 1
    assert "cannot be opened" in capsys.readouterr().err


def test_the_table_has_the_ratio_of_both_speeds():
    assert "| ratio | 50.0 x | 20.0 x |" in table(Speed(100, 0.01), Speed(2, 0.2), "cpu")
