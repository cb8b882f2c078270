"""Tell transient errors of the Hub from final ones, and explain both in a sentence. Tokens are hidden."""

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from huggingface_hub import constants, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from inpaint.networks.errors import Kind
from inpaint.os_errors import sentence_of

from .http import httpx2
from .unreachable import reason_of

TRANSIENT_STATUS = (408, 429, 500, 502, 503, 504)
SIGN_IN = "sign in with `hf auth login`, or set HF_TOKEN to a valid token"
BILLING_URL = "https://huggingface.co/settings/billing"
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)


def hide_token(text: str, token: str | None = None) -> str:
    """Return the text with the given token, and this machine's, replaced by `<token>`."""
    for secret in filter(None, (token, get_token())):
        text = text.replace(secret, "<token>")
    return text


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error, the error that it was raised from, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status of the Hub's response in an error or in its causes; None without a response."""
    return next((cause.response.status_code for cause in causes(error) if isinstance(cause, HfHubHTTPError)), None)


def is_transient(error: BaseException) -> bool:
    """Return whether an error is caused by the network or an overloaded Hub, so that a later attempt may succeed.

    The errors that it was raised from count as well. The first HTTP response among them decides; without one, a
    connection that failed or a timeout is transient.
    """
    status = status_of(error)
    if status is not None:
        return status in TRANSIENT_STATUS
    unreachable = httpx2.TransportError | ConnectionError | TimeoutError | LocalEntryNotFoundError
    return any(isinstance(cause, unreachable) for cause in causes(error))


def is_interrupted(error: BaseException) -> bool:
    """Return whether the Hub was reached and then failed: a transient status, or a connection that broke.

    A connection that could not be opened does not count, so that a missing network is reported immediately.
    """
    if isinstance(error, HfHubHTTPError):
        return is_transient(error)
    return isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError | httpx2.WriteError)


def is_refusal(error: BaseException) -> bool:
    """Return whether the Hub refused for good, as for a repository that the token may not read or that is missing."""
    return status_of(error) is not None and not is_transient(error)


def retry_after_s(failure: BaseException | httpx2.Response) -> float:
    """Return the seconds of the Retry-After header of a response, or of an error's; 0 without one or for a date."""
    if isinstance(failure, httpx2.Response):
        value = failure.headers.get("Retry-After", "")
        return float(value) if value.isdigit() else 0.0
    responses = (cause.response for cause in causes(failure) if isinstance(cause, HfHubHTTPError))
    return max(map(retry_after_s, responses), default=0.0)


def first_line(failure: BaseException | httpx2.Response) -> str:
    """Return the first line of an error's message that is not empty, else its type."""
    lines = (line.strip() for line in str(failure).splitlines())
    return next(filter(None, lines), type(failure).__name__)


@dataclass(frozen=True)
class _Failure:
    """An error, with the properties that the conditions of `_CASES` test."""

    error: BaseException
    signed_in: bool

    def is_a(self, *types: type[BaseException]) -> bool:
        return any(isinstance(cause, types) for cause in causes(self.error))

    @property
    def status(self) -> int | None:
        return status_of(self.error)

    @property
    def is_bad_token(self) -> bool:
        """Whether a 401 is about the token; the Hub also answers 401 for a repository that the caller may not see."""
        return self.status == 401 and not self.is_a(RepositoryNotFoundError)


_CASES: tuple[tuple[Callable[[_Failure], bool], str, str], ...] = (
    (
        lambda f: f.is_a(GatedRepoError) or "is a gated dataset" in str(f.error),
        "it is gated",
        "accept its terms at {page} with your account, then {sign_in}",
    ),
    (lambda f: f.is_a(UnicodeEncodeError), "your token contains a character that no token has", "{sign_in}"),
    (lambda f: f.is_bad_token and f.signed_in, "the Hub did not accept your token", "{sign_in}"),
    (lambda f: f.is_bad_token or f.is_a(LocalTokenNotFoundError), "you are not signed in to the Hub", "{sign_in}"),
    (
        lambda f: f.is_a(RevisionNotFoundError),
        "it has no revision {revision!r}",
        "use a branch, a tag or the sha of a commit that it has",
    ),
    (
        lambda f: f.status == 404 or f.is_a(RepositoryNotFoundError),
        "on the Hub it is missing or private",
        "check the name, or {account}",
    ),
    (
        lambda f: f.status == 402,
        "the account has no credits left{quoted}",
        f"add credits at {BILLING_URL}, or choose cheaper hardware",
    ),
    (
        lambda f: f.status == 403,
        "your token may not {right}{quoted}",
        "use a token that may {right}, or sign in again and allow it",
    ),
    (lambda f: f.status == 409, "it exists already, with other content{quoted}", "choose another name"),
    (lambda f: f.status == 412, "it was changed at the same time{quoted}", "try again"),
    (lambda f: f.status == 429, "the Hub received too many requests{quoted}", "try again in {retry_after_s:g} s"),
    (
        lambda f: constants.is_offline_mode() and is_transient(f.error),
        "HF_HUB_OFFLINE is set, and it is not in the cache",
        "unset HF_HUB_OFFLINE, or use a local folder",
    ),
    (lambda f: f.status in range(500, 600) or f.status == 408, "the Hub answered {status}{said}", "try again later"),
    (lambda f: f.status is not None, "the Hub answered {status}{said}", "check what was requested, and try again"),
    (
        lambda f: is_transient(f.error),
        "{endpoint} cannot be reached ({unreachable})",
        "check the network and the proxy of the computer that runs this, or try again later",
    ),
    (lambda f: f.is_a(HFValidationError), "that is not a repository id", "use one such as 'name/weights'"),
    (
        lambda f: isinstance(f.error, OSError) and f.error.errno in _DISK_ERRORS,
        "{disk}",
        "check the free space and the permissions of that folder, and of the cache {cache}",
    ),
)
"""Condition, what happened, next move. The first condition that holds counts."""


def explain_error(
    error: BaseException,
    attempt: str,
    *,
    right: str = "read it",
    token: str | None = None,
    sign_in: str = SIGN_IN,
    page: str | None = None,
    revision: str | None = None,
    signed_in: bool | None = None,
) -> str:
    """Return a sentence about an error, such as "It could not be read; the Hub answered 503: try again later".

    Args:
        error: raised by huggingface_hub, `datasets`, the network or the disk.
        attempt: the beginning of the sentence: what failed. The rest refers to its subject as "it".
        right: what a token needs to be allowed to do, after "may".
        token: the token that was used, which is hidden as this machine's is; None: this machine's.
        sign_in: how to sign in, as an imperative.
        page: URL of the repository, where its terms are accepted; None: the Hub's.
        revision: the revision that was requested.
        signed_in: whether a token was sent; None: if there is one.

    Returns:
        One line that ends with a period. Unknown errors are quoted after the attempt and a colon.
    """
    signed_in = bool(token or get_token()) if signed_in is None else signed_in
    status, server_message = status_of(error), _server_message(error)
    words = {
        "account": "use the token of an account that may read it" if signed_in else f"{sign_in} if it is private",
        "cache": constants.HF_HUB_CACHE,
        "endpoint": constants.ENDPOINT,
        "page": page or constants.ENDPOINT,
        "quoted": f" ({status}{f', {server_message}' if server_message else ''})",
        "retry_after_s": retry_after_s(error) or 60,
        "revision": revision,
        "right": right,
        "said": f" ({server_message})" if server_message else "",
        "sign_in": sign_in,
        "status": status,
        "disk": sentence_of(error),
        "unreachable": reason_of(list(causes(error)), first_line(error)),
    }
    sentence = f"{attempt}: {' '.join(sentence_of(error).split()).rstrip('.')}."
    is_readable = type(error) is ValueError  # of huggingface_hub, which lists what is wrong with a card, or of ours
    for condition, happened, move in _CASES:
        if not is_readable and condition(_Failure(error, signed_in)):
            sentence = f"{attempt}; {happened.format_map(words)}: {move.format_map(words)}."
            break
    return hide_token(sentence, token)


def kind_of(error: BaseException) -> Kind:
    """Return why weights could not be downloaded, as a `WeightsError` names it; "" for a reason without a name."""
    failure = _Failure(error, signed_in=False)
    if failure.is_a(GatedRepoError):
        return "gated"
    if failure.is_a(RevisionNotFoundError):
        return "revision"
    if failure.status == 404 or failure.is_a(RepositoryNotFoundError):
        return "missing"
    if failure.status in (401, 403):
        return "no_access"
    if failure.status is not None:
        return "hub_failed"
    if is_transient(error):
        return "unreachable"
    return "not_stored" if isinstance(error, OSError) and error.errno in _DISK_ERRORS else ""


def _server_message(error: BaseException) -> str:
    """Return what the Hub said in its response, in one line."""
    said = (cause.server_message for cause in causes(error) if isinstance(cause, HfHubHTTPError))
    return " ".join((next(said, None) or "").split()).rstrip(".")
