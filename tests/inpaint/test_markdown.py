"""Markdown tables."""

import pytest

from inpaint.markdown import markdown_head, markdown_row, markdown_table


def test_a_table_has_headings_alignment_and_rows():
    table = markdown_table(["method", "PSNR", "note"], [["a", 21.5, None], ["b", 30, "best"]], "lrc")
    assert table.splitlines() == [
        "| method | PSNR | note |",
        "| --- | --: | :-: |",
        "| a | 21.5 |  |",
        "| b | 30 | best |",
    ]


def test_columns_are_left_aligned_by_default():
    assert markdown_head(["a", "b"]).splitlines()[1] == "| --- | --- |"


def test_a_cell_cannot_break_its_row():
    assert markdown_row(["a|b", "two\nlines"]) == "| a\\|b | two lines |"


@pytest.mark.parametrize("align", ["l", "lll", "lx"])
def test_alignment_must_fit_the_columns(align):
    with pytest.raises(ValueError, match="must be 2 letters"):
        markdown_table(["a", "b"], [], align)


def test_a_row_must_fit_the_columns():
    with pytest.raises(ValueError, match="has 1 cells; the table has 2 columns"):
        markdown_table(["a", "b"], [["c"]])
