"""What the Hub refuses, in a sentence that names the repository."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from inpaint.hub.errors import explain_error

from .hub_paths import HUB, HubPath


class HubAccessError(RuntimeError):
    """A repository that cannot be read or written, with a sentence for the user as its message."""


@contextmanager
def explained(place: HubPath, verb: str) -> Iterator[None]:
    """Turn errors of the Hub, and of the way to it, into HubAccessError.

    Args:
        place: in the repository.
        verb: "read" or "write", which is what the token must be allowed to do.

    Raises:
        HubAccessError: an error of HTTP was raised.
    """
    try:
        yield
    except httpx2.HTTPError as error:
        attempt = f"{HUB}datasets/{place.repo_id} could not be {'read' if verb == 'read' else 'written'}"
        raise HubAccessError(
            explain_error(error, attempt, right=f"{verb} this repository", revision=place.revision)
        ) from error
