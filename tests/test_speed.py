import re

from tests.datasets import png, write_parquet
from train.speed import Speed, main


def test_the_command_measures_stream_and_step(tmp_path, capsys):
    folder = write_parquet(tmp_path, [png(value, size=(90, 80)) for value in range(0, 200, 10)])
    assert main(["tiny", "--data", folder, "--seconds", "0.5", "--steps", "2"]) == 0
    streamed, consumed = map(float, re.findall(r"\| ([\d.]+) \|", capsys.readouterr().out))
    assert streamed > 0
    assert consumed > 0
    assert main(["tiny", "--data", "/no/such/place"]) == 1
    assert "cannot be opened" in capsys.readouterr().err


def test_the_table_says_how_many_times_as_fast_the_stream_is():
    assert "| 50.0 x |" in Speed(100, 2, "cpu", 2).table()
