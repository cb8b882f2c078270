"""Accounts and repositories: whoami, create, delete, settings, branches, tags."""

from typing import TYPE_CHECKING

from tests.hub.access import commit_of, readable, signed_in, visible, writable
from tests.hub.messages import HubError, Request, Response, reply
from tests.hub.store import Repo
from tests.hub.users import profile

if TYPE_CHECKING:
    from tests.hub.server import Hub

PREFIXES = {"model": "", "dataset": "datasets/", "space": "spaces/"}


def whoami(hub: "Hub", request: Request) -> Response:
    return reply(profile(signed_in(request)))


def create(hub: "Hub", request: Request) -> Response:
    user, wanted = signed_in(request, write=True), request.json()
    kind, owner = wanted.get("type") or "model", wanted.get("organization") or user.name
    if kind not in PREFIXES:
        raise HubError(400, f"Invalid repo type: {kind}")
    if not user.owns(owner):
        raise HubError(403, f'You don\'t have the rights to create a {kind} under the namespace "{owner}"')
    if kind == "space" and not wanted.get("sdk"):
        raise HubError(400, "A Space needs an sdk")
    repo_id = f"{owner}/{wanted['name']}"
    answer = {"url": f"{request.base_url}/{PREFIXES[kind]}{repo_id}", "name": repo_id}
    if (kind, repo_id) in hub.store.repos:
        return reply({**answer, "error": f"You already created this {kind} repo"}, 409)
    private = bool(wanted.get("private")) or wanted.get("visibility") == "private"
    hub.store.create(Repo(kind, repo_id, private, sdk=wanted.get("sdk")), user.name)
    return reply(answer)


def delete(hub: "Hub", request: Request) -> Response:
    wanted = request.json()
    owner = wanted.get("organization") or signed_in(request).name
    request.params.update(kind=(wanted.get("type") or "model") + "s", repo=f"{owner}/{wanted['name']}")
    hub.store.delete(writable(hub, request))
    return Response()


def settings(hub: "Hub", request: Request) -> Response:
    repo, wanted = writable(hub, request), request.json()
    if "visibility" in wanted or "private" in wanted:
        repo.private = wanted.get("private", wanted.get("visibility") == "private")
    repo.gated = wanted.get("gated", repo.gated)
    hub.store.save(repo)
    return reply({"private": repo.private, "gated": repo.gated})


def auth_check(hub: "Hub", request: Request) -> Response:
    """Succeed if the caller may download the files of the repository."""
    readable(hub, request)
    return Response()


def create_ref(hub: "Hub", request: Request) -> Response:
    """Create a branch (named in the path) or a tag (named in the body)."""
    repo = writable(hub, request)
    if request.params["what"] == "branch":
        name, start = request.params["name"], request.json().get("startingPoint") or "main"
        existing = repo.branches
    else:
        name, start = request.json()["tag"], request.params["name"]
        existing = repo.tags
    if name in existing:
        raise HubError(409, f"Reference already exists: {name}")
    existing[name] = commit_of(repo, start).sha
    hub.store.save(repo)
    return Response()


def delete_ref(hub: "Hub", request: Request) -> Response:
    repo = writable(hub, request)
    existing = repo.branches if request.params["what"] == "branch" else repo.tags
    if existing.pop(request.params["name"], None) is None:
        raise HubError(404, f"Invalid rev id: {request.params['name']}", "RevisionNotFound")
    hub.store.save(repo)
    return Response()


def refs(hub: "Hub", request: Request) -> Response:
    repo = visible(hub, request)
    plain = {name: sha for name, sha in repo.branches.items() if not name.startswith("refs/")}
    answer = {
        "branches": [{"name": n, "ref": f"refs/heads/{n}", "targetCommit": sha} for n, sha in plain.items()],
        "converts": [],
        "tags": [{"name": n, "ref": f"refs/tags/{n}", "targetCommit": sha} for n, sha in repo.tags.items()],
    }
    if request.flag("include_prs"):
        pulls = {name: sha for name, sha in repo.branches.items() if name.startswith("refs/pr/")}
        answer["pullRequests"] = [{"name": n, "ref": n, "targetCommit": sha} for n, sha in pulls.items()]
    return reply(answer)


def squash(hub: "Hub", request: Request) -> Response:
    """Squash the history of a branch into one commit."""
    repo, user, branch = writable(hub, request), signed_in(request), request.params["revision"]
    with hub.store.lock:
        tip = commit_of(repo, branch)
        kept = set(repo.tags.values()) | {sha for name, sha in repo.branches.items() if name != branch}
        repo.commits = {sha: commit for sha, commit in repo.commits.items() if sha in kept}
        del repo.branches[branch]
        made = repo.add_commit(branch, tip.files, request.json().get("message") or "Super-squash", "", user.name)
        hub.store.save(repo)
    return reply({"commitOid": made.sha})
