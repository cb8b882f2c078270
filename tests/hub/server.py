"""The HTTP server: threads, request bodies, injected faults, a log of the calls."""

import shutil
import socket
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.hub import access, routes
from tests.hub.jobs import Jobs
from tests.hub.messages import HubError, Request, Response
from tests.hub.oauth import SignIns
from tests.hub.store import Store
from tests.hub.users import User


@dataclass
class Fault:
    """A fault that is injected into the next `times` calls with this method and this part of the path.

    Attributes:
        method: HTTP method; "" for all.
        path: text that the path contains.
        times: number of calls; counts down.
        every: only every n-th of the matching calls is hit.
        status: of the response; None for the normal response.
        message: error message of the response.
        headers: of the response.
        drop: close the connection instead, after `after_bytes` bytes of the normal response or after the `share` of it.
        after_bytes: see `drop`.
        share: see `drop`.
        delay_s: seconds before the response.
        bytes_per_s: speed limit of the normal response.
        before: called before the response, to change the repository at that moment.
        seen: number of matching calls so far.
    """

    method: str = ""
    path: str = ""
    times: int = 1
    every: int = 1
    status: int | None = 503
    message: str = "a deliberate fault"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    after_bytes: int = 0
    share: float = 0.0
    delay_s: float = 0.0
    bytes_per_s: int | None = None
    before: Callable[[], object] | None = None
    seen: int = 0

    def hits(self, method: str, path: str) -> bool:
        """Count a call; return whether the fault hits it."""
        if self.times <= 0 or self.method not in ("", method) or self.path not in path:
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.times -= 1
        return True


class Hub:
    """A Hub on 127.0.0.1, running while the `with` block does.

    Args:
        root: folder of the repositories, which persist; None: a temporary folder.
        port: 0 chooses a free one.
        users: accounts; None: one account "me" with the token "hf_me", which may write.
        lfs_bytes: files above this size are stored as LFS objects whatever their name.
        multipart_bytes: LFS objects above this size are uploaded in parts of this size.
        names_xet: whether downloads name a Xet hash, as those of a mirror do that passes on the Hub's headers. This
            Hub gives no tokens for Xet: it answers 404.
    """

    def __init__(
        self,
        root: Path | None = None,
        port: int = 0,
        users: Sequence[User] | None = None,
        lfs_bytes: int = 1_000_000,
        multipart_bytes: int = 20_000_000,
        names_xet: bool = False,
    ):
        self._temporary = tempfile.mkdtemp(prefix="hub-") if root is None else None
        self.store = Store(Path(self._temporary or root or "."))
        self.users = list(users or [User("me", "hf_me")])
        self.lfs_bytes, self.multipart_bytes, self.names_xet = lfs_bytes, multipart_bytes, names_xet
        self.parts: dict[tuple[str, int], bytes] = {}
        self.jobs, self.sign_ins = Jobs(), SignIns()
        self.faults: list[Fault] = []
        self.calls: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.hub = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Hub":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.jobs.stop_all()
        self._server.shutdown()
        self._server.server_close()
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def fail(self, **fault: object) -> Fault:
        """Inject a `Fault`; return it, so that a test can check how many of its `times` are left."""
        self.faults.append(Fault(**fault))  # type: ignore[arg-type]
        return self.faults[-1]

    def called(self, method: str, path: str) -> int:
        """Return the number of calls with this method and this text in their path."""
        return sum(method == m and path in p for m, p in self.calls)

    def next_fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            self.calls.append((method, path))
            return next((fault for fault in self.faults if fault.hits(method, path)), None)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    hub: Hub

    def handle_error(self, request, client_address) -> None:
        """Print no traceback when a client has closed its connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Server

    def handle_call(self) -> None:
        hub, parts = self.server.hub, urllib.parse.urlsplit(self.path)
        body = self._body()
        fault = hub.next_fault(self.command, self.path)
        time.sleep(fault.delay_s if fault else 0)
        if fault and fault.before:
            fault.before()
        if fault and fault.drop and not fault.after_bytes and not fault.share:
            return self._close_connection()
        try:
            if fault and fault.status and not fault.drop:
                raise HubError(fault.status, fault.message, None, fault.headers)
            user = access.caller(hub, self.headers)
            query = urllib.parse.parse_qs(parts.query)
            base = f"http://{self.headers.get('Host', hub.url.removeprefix('http://'))}"
            response = routes.answer(hub, Request(self.command, parts.path, query, self.headers, body, user, base))
        except HubError as error:
            response = error.response()
        cut_at = None
        if fault and fault.drop:
            cut_at = int(fault.share * len(response.body)) if fault.share else fault.after_bytes
        self._send(response, cut_at, fault.bytes_per_s if fault else None)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_call

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, response: Response, cut_at: int | None, bytes_per_s: int | None) -> None:
        self.send_response(response.status)
        for name, value in {"X-Request-Id": "local", **response.headers}.items():
            self.send_header(name, value.replace("\n", " "))
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self._write(response.body[:cut_at], bytes_per_s)
        self.wfile.flush()
        if cut_at is not None and cut_at < len(response.body):
            self._close_connection()

    def _write(self, data: bytes, bytes_per_s: int | None) -> None:
        if bytes_per_s is None:
            self.wfile.write(data)
            return
        step = max(1, bytes_per_s // 10)
        for start in range(0, len(data), step):
            self.wfile.write(data[start : start + step])
            self.wfile.flush()
            time.sleep(0.1)

    def _close_connection(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: `Hub.calls` is the log."""
