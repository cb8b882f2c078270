"""Tables in GitHub-flavoured Markdown: the one place where reports, model cards and benchmarks make theirs."""

from collections.abc import Iterable, Sequence

_RULES = {"l": "---", "c": ":-:", "r": "--:"}


def markdown_table(headings: Sequence[object], rows: Iterable[Sequence[object]], align: str | None = None) -> str:
    """Return a Markdown table.

    Args:
        headings: one per column.
        rows: the cells of each row, one per column. Cells are formatted with `str`; None is an empty cell.
        align: one letter per column: "l" left, "c" centre, "r" right. None: every column left.

    Returns:
        The lines of the table without a final newline.

    Raises:
        ValueError: `align` or a row has another length than `headings`, or `align` holds another letter.
    """
    lines = [markdown_head(headings, align)]
    for row in rows:
        if len(row) != len(headings):
            raise ValueError(f"row {row!r} has {len(row)} cells; the table has {len(headings)} columns")
        lines.append(markdown_row(row))
    return "\n".join(lines)


def markdown_head(headings: Sequence[object], align: str | None = None) -> str:
    """Return the first two lines of a table: headings and alignment. For tables that are printed row by row.

    Args:
        headings: one per column.
        align: as in `markdown_table`.

    Raises:
        ValueError: as in `markdown_table`.
    """
    letters = "l" * len(headings) if align is None else align
    if len(letters) != len(headings) or not set(letters) <= set(_RULES):
        raise ValueError(f"align is {align!r}; it must be {len(headings)} letters of l, c and r, one per column")
    return f"{markdown_row(headings)}\n{markdown_row([_RULES[letter] for letter in letters])}"


def markdown_row(cells: Sequence[object]) -> str:
    """Return one line of a table. A pipe in a cell is escaped; a line break becomes a space."""
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split("\n")).replace("|", "\\|")
