"""Who calls, and which token may be used on their behalf.

On a Space a visitor signs in with Hugging Face, and only that token is used. On a private machine it is the machine's
token, and only for a browser on that machine that knows the owner's key: a page that others can reach must not start
jobs on its owner's account.
"""

import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr

from inpaint import WeightsError
from page.retrain.call_limit import CallLimit
from page.server.answers import error_answer
from page.server.clients import client_of, current_client
from page.server.errors import PageError
from page.server.origin import host_of, is_same_origin
from page.server.owner import OwnerKey
from page.server.texts import language_of
from train.jobs.account import account_name, machine_token
from train.jobs.spec import JobError

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
FORWARDED = ("x-forwarded-for", "x-forwarded-host", "forwarded", "x-real-ip", "via")


class Account(NamedTuple):
    """A signed-in Hugging Face account.

    Attributes:
        name: on the Hub.
        token: of the account.
        seconds_left: until the token expires; None if it does not.
    """

    name: str
    token: str
    seconds_left: float | None


class Caller(NamedTuple):
    """Who called an action.

    Attributes:
        account: None if not signed in.
        owner: whether this is the owner of the private machine that serves this page.
        local: whether the browser runs there, as far as the request shows; then the owner's key is asked for.
    """

    account: Account | None
    owner: bool
    local: bool = False

    def require_account(self) -> Account:
        """Return the account.

        Raises:
            PageError: "retrain_sign_in" if not signed in.
        """
        if self.account is None:
            raise PageError("retrain_sign_in")
        return self.account


def on_space() -> bool:
    """Return whether this process runs on a Space, so that the page is public."""
    return bool(os.getenv("SPACE_ID"))


def has_sign_in() -> bool:
    """Return whether this is a Space where visitors can sign in."""
    return on_space() and bool(os.getenv("OAUTH_CLIENT_ID")) and os.getenv("SYSTEM") == "spaces"


def is_local(request: gr.Request) -> bool:
    """Return whether a request seems to come from a browser on the private machine that serves this page.

    Requests through a proxy that says so, to a host name that another site could point here, and from pages of other
    sites do not count. A tunnel that adds no headers does, and so does each user of a shared computer: this alone
    proves nothing.
    """
    if on_space() or not is_same_origin(request):
        return False
    headers = request.headers
    if any(headers.get(name) for name in FORWARDED) or host_of(f"//{headers.get('host', '')}") not in LOCAL_HOSTS:
        return False
    return bool(request.client) and request.client.host in LOCAL_HOSTS


def signed_in_account(
    request: gr.Request, profile: gr.OAuthProfile | None, token: gr.OAuthToken | None, owner: bool
) -> Account | None:
    """Return the account on whose behalf a request may act; None if not signed in.

    Args:
        request: of the visitor.
        profile: from the Space's sign-in.
        token: from the Space's sign-in.
        owner: whether the request is the owner's, who may use the machine's token.

    Raises:
        JobError: the machine's token is not valid, or the Hub cannot be reached.
    """
    if has_sign_in():
        if profile is None or token is None or not is_same_origin(request):
            return None
        return Account(profile.username, token.token, token.expires_at - time.time())
    own = machine_token() if owner else None
    return Account(_account_name(own), own, None) if own else None


_names: dict[str, str] = {}


def _account_name(token: str) -> str:
    """Return the name of a token's account; the Hub is asked once per token."""
    if token not in _names:
        _names[token] = account_name(token)
    return _names[token]


def server_function(action: Callable[[dict, Caller], dict], owner_key: OwnerKey, limit: CallLimit) -> Callable:
    """Return an action as a Gradio server function that always returns an answer.

    Args:
        action: takes the call's dict and the caller, and returns the answer's dict.
        owner_key: what the owner's calls carry as `owner_key`.
        limit: of the calls that run at once, of this action and others.
    """

    def answer(
        call: Any, request: gr.Request, profile: gr.OAuthProfile | None = None, token: gr.OAuthToken | None = None
    ) -> dict:
        account = None
        try:
            if not isinstance(call, dict):
                raise PageError("bad_request")
            local, key = is_local(request), call.get("owner_key")
            owner = local and owner_key.matches(key)
            if local and key and not owner:  # as after a restart of the page
                raise PageError("retrain_key_wrong")
            client = client_of(request.client.host if request.client else None, request.headers)
            current_client.set(client)
            with limit.counted(client):
                account = signed_in_account(request, profile, token, owner)
                return action(call, Caller(account, owner, local))
        except (JobError, WeightsError) as error:
            return {"error": str(error), "code": "job"}
        except Exception as error:
            language = language_of(request.headers.get("accept-language"))
            return error_answer(error, action.__name__, language, account.token if account else None)

    answer.__name__ = action.__name__
    return answer
