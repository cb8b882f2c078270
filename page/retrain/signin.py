"""Who is asking, and with which token something may be done for them.

On a Space a visitor signs in with Hugging Face, and only that token is used. On a private machine it is the machine's
own, and only for a browser on that machine: a page that others can reach must not start jobs on its owner's account.
"""

import logging
import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import gradio as gr

from inpaint import WeightsError
from page.server.refusal import Refusal
from page.server.texts import language_of, sentence
from train.jobs.hub import account_name, machine_token
from train.jobs.spec import JobError

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
log = logging.getLogger(__name__)
FORWARDED = ("x-forwarded-for", "x-forwarded-host", "forwarded", "x-real-ip")


class Account(NamedTuple):
    """Somebody who is signed in.

    Attributes:
        name: on the Hub.
        token: theirs.
        seconds_left: how long the token is good for; None: for as long as its owner likes.
    """

    name: str
    token: str
    seconds_left: float | None


class Caller(NamedTuple):
    """Who asks: an account or None, and whether it is the owner of the private machine that this page runs on."""

    account: Account | None
    owner: bool

    def known(self) -> Account:
        """The account; Refusal "retrain_sign_in" if nobody is signed in."""
        if self.account is None:
            raise Refusal("retrain_sign_in")
        return self.account


def on_space() -> bool:
    """Whether this page is public, as a Space is."""
    return bool(os.getenv("SPACE_ID"))


def has_sign_in() -> bool:
    """Whether this is a Space that visitors can sign in to."""
    return on_space() and bool(os.getenv("OAUTH_CLIENT_ID")) and os.getenv("SYSTEM") == "spaces"


def is_owner(request: gr.Request) -> bool:
    """Whether the request comes from a browser on the private machine that this page runs on.

    Not through a tunnel or proxy, not by a name that somebody else's page could point here, and not from such a page.
    """
    if on_space() or not from_this_page(request):
        return False
    headers = request.headers
    if any(headers.get(name) for name in FORWARDED) or _host(f"//{headers.get('host', '')}") not in LOCAL_HOSTS:
        return False
    return bool(request.client) and request.client.host in LOCAL_HOSTS


def from_this_page(request: gr.Request) -> bool:
    """Whether a page of ours sent the request, and not another one with its visitor's cookies."""
    origin = request.headers.get("origin")
    if not origin:
        return True  # browsers name the page wherever it is another one
    ours = [request.headers.get("host", ""), *os.getenv("SPACE_HOST", "").split(",")]
    return urlsplit(origin).netloc in ours if _host(origin) else False


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def signed_in(request: gr.Request, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None) -> Account | None:
    """Who is asking; None for somebody who is not signed in.

    Args:
        request: of the visitor.
        profile: from the Space's sign-in.
        token: from the Space's sign-in.

    Raises:
        JobError: the machine's token is nobody's, or the Hub cannot be reached.
    """
    if has_sign_in():
        if profile is None or token is None or not from_this_page(request):
            return None
        return Account(profile.username, token.token, token.expires_at - time.time())
    own = machine_token() if is_owner(request) else None
    return Account(_name_of(own), own, None) if own else None


_names: dict[str, str] = {}


def _name_of(token: str) -> str:
    """The name of a token's account, asked for once."""
    if token not in _names:
        _names[token] = account_name(token)
    return _names[token]


def answering(action: Callable[[dict, Caller], dict]) -> Callable:
    """An action as a server function: it always answers, with a sentence in the visitor's language when it fails."""

    def answer(
        call: Any, request: gr.Request, profile: gr.OAuthProfile | None = None, token: gr.OAuthToken | None = None
    ) -> dict:
        language = language_of(request.headers.get("accept-language"))
        try:
            if not isinstance(call, dict):
                raise Refusal("bad_request")
            return action(call, Caller(signed_in(request, profile, token), is_owner(request)))
        except Refusal as refusal:
            return {"error": sentence(refusal.key, language, **refusal.values), "code": refusal.key}
        except (JobError, WeightsError) as error:
            return {"error": str(error), "code": "job"}
        except Exception:
            log.exception("%s failed", action.__name__)
            return {"error": sentence("unexpected", language), "code": "unexpected"}

    answer.__name__ = action.__name__
    return answer
