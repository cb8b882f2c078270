"""Access control: which repositories a caller may see, read and change, and the errors of the Hub otherwise."""

from typing import TYPE_CHECKING

from tests.hub.messages import HubError, Request
from tests.hub.store import Commit, Repo
from tests.hub.users import User, bearer

if TYPE_CHECKING:
    from tests.hub.server import Hub


def caller(hub: "Hub", headers) -> User | None:
    """Return the user of the token; None without a token. An unknown token is refused, even for public repositories."""
    token = bearer(headers)
    if token is None:
        return None
    for user in hub.users:
        if user.token == token:
            return user
    raise HubError(401, "Invalid credentials in Authorization header")


def signed_in(request: Request, write: bool = False) -> User:
    if request.user is None:
        raise HubError(401, "Invalid username or password.")
    if write and request.user.role != "write":
        raise HubError(403, "You have read access but not the required permissions for this operation")
    return request.user


def visible(hub: "Hub", request: Request) -> Repo:
    """Return the repository of the call. Missing and private ones look alike: 401 for anonymous callers, else 404."""
    kind = (request.params.get("kind") or "models").rstrip("/").removesuffix("s")
    repo = hub.store.repos.get((kind, request.params["repo"]))
    if repo is None or (repo.private and not _reads(repo, request.user)):
        if request.user is None:
            raise HubError(401, "Invalid username or password.", "RepoNotFound")
        raise HubError(404, "Repository not found", "RepoNotFound")
    return repo


def readable(hub: "Hub", request: Request) -> Repo:
    """Return the repository of the call, if the caller may download its files."""
    repo = visible(hub, request)
    if repo.gated and not _reads(repo, request.user):
        message = f"Access to {repo.kind} {repo.id} is restricted."
        raise HubError(401 if request.user is None else 403, message, "GatedRepo")
    return repo


def writable(hub: "Hub", request: Request) -> Repo:
    repo = visible(hub, request)
    if not signed_in(request, write=True).owns(repo.namespace):
        raise HubError(403, f"You don't have the rights to write to {repo.id}")
    return repo


def commit_of(repo: Repo, revision: str) -> Commit:
    commit = repo.commit(revision)
    if commit is None:
        raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return commit


def _reads(repo: Repo, user: User | None) -> bool:
    return user is not None and (user.owns(repo.namespace) or user.name in repo.readers)
