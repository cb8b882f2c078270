"""Answers: an action of the desk as a server function that always answers, and always with a sentence."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from page.texts import language_of, sentence
from page.visits import Refusal, Visits

WITHOUT_TURN = ("leave_visit", "show_example", "load_model")
"""Actions that need not line up: they compute nothing, or (an example's fill) once and for all."""

log = logging.getLogger(__name__)


def answering(action: Callable[[dict], dict], visits: Visits) -> Callable:
    """An action as a server function.

    It waits for its turn to compute. Where that takes long it answers `{"error", "code": "busy", "place", "ticket"}`:
    `place` in the line, 1 being the next. The same call again, best at once and with the `ticket`, keeps the place;
    calls of one visit keep it without.
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
            return await visits.turns.run(work, key_of(call))
        except Refusal as refusal:
            return {"error": sentence(refusal.key, language, **refusal.values), "code": refusal.key, **refusal.values}
        except Exception:
            log.exception("%s failed", action.__name__)
            return {"error": sentence("unexpected", language), "code": "unexpected"}

    answer.__name__ = action.__name__
    return answer


def key_of(call: dict) -> str:
    """Whose place in the line a call takes: its ticket's, else its visit's or its upload's; empty for nobody's."""
    keys = (call.get(name) for name in ("ticket", "visit", "path"))
    return next((key for key in keys if isinstance(key, str) and 0 < len(key) <= 4096), "")
