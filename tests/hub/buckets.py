"""Buckets: create and look up. They hold no files here: a job does not mount them."""

from typing import TYPE_CHECKING

from tests.hub.access import signed_in
from tests.hub.messages import HubError, Request, Response, reply
from tests.hub.store import Repo

if TYPE_CHECKING:
    from tests.hub.server import Hub


def create(hub: "Hub", request: Request) -> Response:
    namespace, name = request.params["namespace"], request.params["name"]
    if not signed_in(request, write=True).owns(namespace):
        raise HubError(403, f"You don't have the rights to create a bucket of {namespace}")
    bucket = f"{namespace}/{name}"
    answer = {"url": f"{request.base_url}/buckets/{bucket}"}
    if ("bucket", bucket) in hub.store.repos:
        return reply({**answer, "error": "You already created this bucket"}, 409)
    hub.store.create(Repo("bucket", bucket, request.json().get("visibility") == "private"), namespace)
    return reply(answer)


def info(hub: "Hub", request: Request) -> Response:
    namespace = request.params["namespace"]
    bucket = hub.store.repos.get(("bucket", f"{namespace}/{request.params['name']}"))
    if bucket is None or (bucket.private and not signed_in(request).owns(namespace)):
        raise HubError(404, "Bucket not found", "RepoNotFound")
    created = next(iter(bucket.commits.values())).date
    return reply({"id": bucket.id, "private": bucket.private, "createdAt": created, "size": 0, "totalFiles": 0})
