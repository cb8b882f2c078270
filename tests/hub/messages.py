"""Requests and responses of handlers, and errors with the headers that the clients read."""

import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.hub.users import User


@dataclass
class Request:
    """A request with its body. `params` are the named groups of the route, unquoted."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    user: User | None
    base_url: str
    params: dict[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        try:
            return json.loads(self.body or b"{}")
        except ValueError as error:
            raise HubError(400, "the body is not JSON") from error

    def form(self) -> dict[str, list[str]]:
        """Return the values of a body that was sent as a form or as JSON, as lists."""
        if "json" in self.headers.get("Content-Type", ""):
            return {key: value if isinstance(value, list) else [value] for key, value in self.json().items()}
        return urllib.parse.parse_qs(self.body.decode())

    def flag(self, name: str) -> bool:
        return self.query.get(name, [""])[0].lower() in {"1", "true"}


@dataclass
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `value` as a JSON response."""
    return Response(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


class HubError(Exception):
    """An error response. `code` is RepoNotFound, RevisionNotFound, EntryNotFound, GatedRepo or None."""

    def __init__(self, status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None):
        super().__init__(message)
        self.status, self.message, self.code, self.headers = status, message, code, dict(headers or {})

    def response(self) -> Response:
        headers = {"X-Error-Message": self.message, **self.headers}
        if self.code:
            headers["X-Error-Code"] = self.code
        return reply({"error": self.message}, self.status, headers)
