"""No kernel reads or writes outside its arrays, which compiled code would not notice."""

from tests.inpaint.bounds import output_of


def test_no_index_is_negative_or_too_large():
    assert output_of("tests.inpaint.photos.rewriting.run_checked") == "6 files, True\n"
