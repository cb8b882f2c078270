"""The comparison of a run as programs read it."""

import json

from train.jobs.comparison import local_comparison


def test_the_comparison_of_a_run_is_read_with_its_sheet(tmp_path):
    assert local_comparison(tmp_path) is None
    means = {"start": {"elp": 0.3, "psnr": 20.0}, "trained": {"elp": 0.29, "psnr": 20.5}}
    figures = {"groups": {"own": {"title": "a few", "holes": {"all": means}}}, "score": 0.97, "better": True}
    (tmp_path / "comparison.json").write_text(json.dumps(figures))
    found = local_comparison(tmp_path)
    assert (found.figures, found.sheet) == (figures, None)
    assert found.rows[0] == {"group": "own", "metric": "elp", "start": 0.3, "trained": 0.29}
    (tmp_path / "comparison.png").write_bytes(b"png")
    assert local_comparison(tmp_path).sheet == b"png"
    (tmp_path / "comparison.json").write_text("{")
    assert local_comparison(tmp_path) is None
