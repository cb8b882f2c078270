"""Answers: an action of the desk as a server function that always answers, and always with a sentence."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from page.server.refusal import Refusal
from page.server.texts import language_of, sentence
from page.server.visits import Visits

WITHOUT_TURN = ("leave_visit", "show_example", "load_model")
"""Actions that need not line up: they compute nothing, or (an example's fill) once and for all."""

log = logging.getLogger(__name__)


def answering(action: Callable[[dict], dict], visits: Visits) -> Callable:
    """An action as a server function.

    It waits for its turn to compute. Where that takes long it answers `{"error", "code": "busy", "place", "ticket"}`:
    `place` in the line, 1 being the next and 0 being at work. The same call again with the `ticket`, for as often as
    the answer is busy, brings the result; its turn comes meanwhile. A call that was never answered can simply be sent
    again: it is not done twice.
    """

    async def answer(call: Any, request: gr.Request) -> dict:
        language = language_of(request.headers.get("accept-language"))
        try:
            if not isinstance(call, dict):
                raise Refusal("bad_request")
            if "visit" in call:
                visits.get(call["visit"])  # nobody lines up for a visit that has ended
            work = partial(action, call)
            if action.__name__ in WITHOUT_TURN:
                return await asyncio.to_thread(work)
            wish = (call["visit"], action.__name__, call) if "visit" in call else None
            return await visits.turns.run(work, ticket=call.get("ticket"), wish=wish)
        except Refusal as refusal:
            return {"error": sentence(refusal.key, language, **refusal.values), "code": refusal.key, **refusal.values}
        except Exception:
            log.exception("%s failed", action.__name__)
            return {"error": sentence("unexpected", language), "code": "unexpected"}

    answer.__name__ = action.__name__
    return answer
