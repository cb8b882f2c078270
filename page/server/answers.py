"""Actions as Gradio server functions: they always return an answer, and errors as {error, code}."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import gradio as gr

from inpaint.hub.errors import hide_token
from inpaint.networks.errors import PredictionError
from page.server.clients import client_of, current_client
from page.server.disk import is_disk_full
from page.server.errors import PageError
from page.server.models import DECLINED_S, Models
from page.server.origin import is_same_origin
from page.server.progress import RunningJobs
from page.server.texts import language_of, translate
from page.server.visits import Visits

UNQUEUED = ("keep_visit", "leave_visit", "show_example", "load_model", "progress", "cancel")
"""Actions that run outside the compute queue: they compute nothing, or only once for all visitors."""
USING_MODEL = ("open_photo", "open_example", "load_model", "use_model")
"""Actions whose second argument is the model that the call names. It is loaded before their turn comes."""
FINISHING = ("finish_fill", "another_fill")
"""Actions that run in the queue for final fills. They take seconds, and a stroke must not wait for them."""
KEEPING = "keep_visit"
"""The action that says only that the page is open: it does not count as use of the photo."""
STROKE = "paint"
"""The action that final fills of other visits give way to."""

log = logging.getLogger(__name__)


def server_function(action: Callable[..., dict], visits: Visits, models: Models) -> Callable:
    """Return an action as a server function that runs in a compute queue.

    While its job waits or runs for long, the function answers `{"error", "code": "busy", "place", "ticket"}`: `place`
    in the queue is 1 for the next job and 0 for a running one. Repeating the call with the `ticket` returns the result
    once it is there; the job keeps its place meanwhile. A call whose answer was lost can be repeated as it was: it is
    not done twice.

    Args:
        action: takes the call's dict, and the model if it is one of USING_MODEL, and returns the answer's dict.
        visits: the open photos, and the queues.
        models: loads the model.
    """

    async def answer(call: Any, request: gr.Request) -> dict:
        language = language_of(request.headers.get("accept-language"))
        try:
            if not is_same_origin(request):
                raise PageError("other_site")
            if not isinstance(call, dict):
                raise PageError("bad_request")
            client = client_of(request.client.host if request.client else None, request.headers)
            with visits.request(call["visit"], action.__name__ != KEEPING) if "visit" in call else nullcontext():
                return await _answer(action, call, client, visits, models)
        except Exception as error:
            if isinstance(error, PageError) and error.key == "full":
                await asyncio.sleep(DECLINED_S)  # since a program may repeat the call at once
            return error_answer(error, action.__name__, language)

    answer.__name__ = action.__name__
    return answer


def _in_job(jobs: RunningJobs, work: Callable[[], dict]) -> dict:
    """Do the work of an action as a job of a visit, which reports its progress and can be cancelled."""
    with jobs.running():
        return work()


async def _answer(action: Callable[..., dict], call: dict, client: str, visits: Visits, models: Models) -> dict:
    """Run an action that a client has called, in the queue that it belongs to."""
    current_client.set(client)
    work = partial(action, call)
    if action.__name__ in USING_MODEL:
        with visits.uploads.kept([call.get("path")]):
            work = partial(action, call, await models.load(call.get("model")))
    if action.__name__ in UNQUEUED:
        return await asyncio.to_thread(work)
    if "visit" in call:
        work = partial(_in_job, visits.get(call["visit"]).jobs, work)
    request_key = (call["visit"], action.__name__, call) if "visit" in call else None
    queue = visits.finish_queue if action.__name__ in FINISHING else visits.queue
    stroke_of = call.get("visit") if action.__name__ == STROKE else None
    with visits.uploads.kept([call.get("path")]):
        return await queue.run(
            work,
            ticket=call.get("ticket"),
            request_key=request_key,
            stroke_of=stroke_of,
            visit=call.get("visit"),
            client=client,
        )


def error_answer(error: Exception, action: str, language: str, token: str | None = None) -> dict:
    """Return {error: sentence, code, **values} for an exception of an action; log it if it is not a PageError.

    Args:
        error: what the action raised.
        action: its name, for the log.
        language: of the sentence.
        token: of the visitor, which is hidden in the log as this machine's is; None: of nobody.
    """
    if is_disk_full(error):
        error = PageError("disk_full")
    elif isinstance(error, PredictionError):
        error = PageError("not_finite")
    if isinstance(error, PageError):
        return {"error": translate(error.key, language, **error.values), "code": error.key, **error.values}
    log.error("%s failed\n%s", action, hide_token("".join(traceback.format_exception(error)), token))
    return {"error": translate("unexpected", language), "code": "unexpected"}
