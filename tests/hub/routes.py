"""Routes: method, path and handler. Groups match the quoted path, so that `refs%2Fpr%2F1` is one part."""

import re
import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.hub import buckets, contents, downloads, jobs, oauth, repos, uploads
from tests.hub.messages import HubError, Request, Response

if TYPE_CHECKING:
    from tests.hub.server import Hub

Handler = Callable[["Hub", Request], Response]

REPO = r"/api/(?P<kind>models|datasets|spaces)/(?P<repo>[^/]+/[^/]+)"
PLAIN = r"/(?P<kind>datasets/|spaces/)?(?P<repo>[^/]+(?:/[^/]+)?)"
REVISION = r"(?P<revision>[^/]+)"

ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", r"/api/whoami-v2", repos.whoami),
    ("GET", r"/\.well-known/openid-configuration", oauth.configuration),
    ("GET", r"/oauth/authorize", oauth.authorize),
    ("GET", r"/oauth/jwks", oauth.jwks),
    ("POST", r"/oauth/token", oauth.token),
    ("GET", r"/api/jobs/hardware", jobs.hardware),
    ("GET", r"/api/jobs/(?P<namespace>[^/]+)", jobs.listing),
    ("POST", r"/api/jobs/(?P<namespace>[^/]+)", jobs.create),
    ("GET", r"/api/jobs/(?P<namespace>[^/]+)/(?P<job>[^/]+)", jobs.inspect),
    ("POST", r"/api/jobs/(?P<namespace>[^/]+)/(?P<job>[^/]+)/cancel", jobs.cancel),
    ("GET", r"/api/jobs/(?P<namespace>[^/]+)/(?P<job>[^/]+)/logs", jobs.logs),
    ("POST", r"/api/buckets/(?P<namespace>[^/]+)/(?P<name>[^/]+)", buckets.create),
    ("GET", r"/api/buckets/(?P<namespace>[^/]+)/(?P<name>[^/]+)", buckets.info),
    ("POST", r"/api/repos/create", repos.create),
    ("DELETE", r"/api/repos/delete", repos.delete),
    ("POST", r"/api/validate-yaml", uploads.validate_yaml),
    ("PUT", REPO + r"/settings", repos.settings),
    ("GET", REPO + r"/refs", repos.refs),
    ("GET", REPO + r"/auth-check", repos.auth_check),
    ("POST", REPO + r"/(?P<what>branch|tag)/(?P<name>.+)", repos.create_ref),
    ("DELETE", REPO + r"/(?P<what>branch|tag)/(?P<name>.+)", repos.delete_ref),
    ("GET", REPO + rf"/tree/{REVISION}(?:/(?P<path>.*))?", contents.tree),
    ("POST", REPO + rf"/paths-info/{REVISION}", contents.paths_info),
    ("GET", REPO + rf"/commits/{REVISION}", contents.commits),
    ("POST", REPO + rf"/super-squash/{REVISION}", repos.squash),
    ("POST", REPO + rf"/preupload/{REVISION}", uploads.preupload),
    ("POST", REPO + rf"/commit/{REVISION}", uploads.commit),
    ("GET", REPO + rf"/revision/{REVISION}", contents.info),
    ("GET", REPO, contents.info),
    ("GET", r"/api/(?P<kind>models|datasets|spaces)/(?P<repo>[^/]+)", contents.info),
    ("POST", PLAIN + r"\.git/info/lfs/objects/batch", uploads.lfs_batch),
    ("POST", PLAIN + r"\.git/info/lfs/verify", uploads.lfs_verify),
    ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})(?:/(?P<part>\d+))?", uploads.lfs_put),
    ("POST", r"/lfs/(?P<oid>[0-9a-f]{64})", uploads.lfs_complete),
    ("GET", r"/cdn/(?P<oid>[0-9a-f]{64})", downloads.cdn),
    ("GET", PLAIN + rf"/resolve/{REVISION}/(?P<path>.+)", downloads.resolve),
]


def answer(hub: "Hub", request: Request) -> Response:
    """Return the response to a call. HEAD is a GET whose body is left out."""
    method = "GET" if request.method == "HEAD" else request.method
    for wanted, pattern, handler in ROUTES:
        match = re.fullmatch(pattern, request.path)
        if wanted == method and match:
            parts = {
                name: urllib.parse.unquote(value) for name, value in match.groupdict().items() if value is not None
            }
            request.params = parts
            try:
                return handler(hub, request)
            except (KeyError, TypeError, ValueError) as error:
                return HubError(400, f"malformed request: {error!r}").response()
    return HubError(404, f"no such address: {request.method} {request.path}").response()
