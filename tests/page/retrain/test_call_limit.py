"""Calls of the training page that run at once, and what strangers cannot start with them."""

from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from page.retrain.actions import RetrainActions
from page.retrain.call_limit import CallLimit
from page.retrain.signin import Caller, server_function
from page.server.errors import PageError
from page.server.owner import OwnerKey

RUN = {"dataset": "me/photos", "preset": "photos", "images": 40, "repo": "me/weights", "flavor": "cpu-basic"}


def test_one_client_has_a_limit_and_all_together_have_one_and_ended_calls_do_not_count():
    limit = CallLimit(most=3, most_of_client=2)
    with ExitStack() as calls:
        calls.enter_context(limit.counted("one"))
        with limit.counted("one"), pytest.raises(PageError, match="full"), limit.counted("one"):
            pass
        calls.enter_context(limit.counted("one"))
        with limit.counted("two"), pytest.raises(PageError, match="full"), limit.counted("three"):
            pass
    with limit.counted("one"), limit.counted("one"):
        pass


def test_a_call_beyond_the_limit_is_answered_with_a_sentence_and_a_failed_one_does_not_count():
    limit, request = CallLimit(most_of_client=1), SimpleNamespace(client=None, headers={"host": "localhost"})
    inner = server_function(lambda call, caller: {"done": True}, OwnerKey(), limit)
    outer = server_function(lambda call, caller: inner({}, request), OwnerKey(), limit)
    failing = server_function(lambda call, caller: 1 / 0, OwnerKey(), limit)
    assert failing({}, request)["code"] == "unexpected"
    assert outer({}, request)["code"] == "full" and inner({}, request) == {"done": True}


def test_a_stranger_makes_the_page_load_no_model_to_start_from():
    models = SimpleNamespace(get=lambda name: pytest.fail(f"{name} was loaded"), default=None)
    actions = RetrainActions(models, uploads=None)
    for action in (actions.estimate_cost, actions.start_run):
        with pytest.raises(PageError, match="retrain_sign_in"):
            action(RUN | {"model": "any/model"}, Caller(None, owner=False))
