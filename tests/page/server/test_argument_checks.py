"""Numbers of a call of the API: the message names the value and the range."""

import gradio as gr
import pytest

from page.server.argument_checks import check_numbers


@pytest.mark.parametrize("grow_px", [1e9, 101, -0.5, float("inf"), 10**400])
def test_a_number_out_of_range_is_answered_with_the_range(grow_px):
    with pytest.raises(gr.Error, match="must be a number of pixels from 0 to 100"):
        check_numbers(grow_px=grow_px)


@pytest.mark.parametrize("threshold", ["0.5", None, True, float("nan")])
def test_what_is_no_number_is_answered_so(threshold):
    with pytest.raises(gr.Error, match="threshold is .*; it must be a number"):
        check_numbers(threshold=threshold)
