"""Time a task inside a checkout: a program for the process of one side, with the checkout as its working directory.

It may run in a checkout of an older commit, so it imports nothing of the package that it lies in: `inpaint` is what the
checkout has under this name, and only what all commits since 4766f5f have is used, or is asked for. It imports the
standard library only where it starts other processes, since their peak memory, as the system reports it, is at least
that of the process that starts them.

It reads the settings of a task as a line of JSON, answers with a line when the task is prepared, and from then on
answers each line with the figures of one repeat: {part: {wall_s, cpu_s, peak_mb}}.
"""

import inspect
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

Figures = dict[str, float | None]
Repeat = Callable[[], dict[str, Figures]]

POLL_S = 0.02
TIMEOUT_S = 300.0


class Clock:
    """Seconds and CPU seconds of this process since the clock was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def figures(self) -> Figures:
        """Return the figures until now."""
        wall_s, cpu_s = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return {"wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": _peak_mb()}


def stroke(photo: str, points: list[list[float]], brush_px: float) -> Repeat:
    """Prepare a stroke on an open photo: the first fill that a session returns, and the final one.

    Args:
        photo: .npy file with RGB uint8 (H, W, 3).
        points: as for `Session.stroke`.
        brush_px: as for `Session.stroke`.
    """
    import numpy as np

    from inpaint import Inpainter

    session = Inpainter.from_pretrained(device="cpu").open(np.load(photo))
    has_drafts = "finish" in inspect.signature(session.stroke).parameters

    def repeat() -> dict[str, Figures]:
        clock = Clock()
        session.stroke(points, brush_px, **({"finish": False} if has_drafts else {}))
        first = clock.figures()
        if has_drafts:
            session.finish()
        final = clock.figures()
        session.undo()
        return {"first": first, "final": final}

    return repeat


def call(photo: str, mask: str) -> Repeat:
    """Prepare the fill of a photo, from pixels to pixels.

    Args:
        photo: .npy file with RGB uint8 (H, W, 3).
        mask: .npy file with bool (H, W).
    """
    import numpy as np

    from inpaint import Inpainter

    inpainter, pixels, hole = Inpainter.from_pretrained(device="cpu"), np.load(photo), np.load(mask)

    def repeat() -> dict[str, Figures]:
        clock = Clock()
        inpainter(pixels, hole)
        return {"": clock.figures()}

    return repeat


def network_pass(photo: str, mask: str, hidden: list[str]) -> Repeat:
    """Prepare one pass of the runtime: the initial fill and the generator.

    Args:
        photo: .npy file with RGB uint8 (H, W, 3).
        mask: .npy file with bool (H, W).
        hidden: packages that cannot be imported, as if they were not installed.
    """
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    import numpy as np

    from inpaint import Inpainter

    runtime: Any = Inpainter.from_pretrained(device="cpu").runtime
    hole = np.load(mask).astype(np.float32)[None, None]
    image = np.load(photo).transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1
    run = _with_arrays if hasattr(runtime, "multiple") else _with_tensors
    return run(runtime, np.ascontiguousarray(image * (1 - hole)), hole)


def _with_arrays(runtime: Any, masked_image: Any, mask: Any) -> Repeat:
    def repeat() -> dict[str, Figures]:
        clock = Clock()
        runtime(masked_image, mask)
        return {"": clock.figures()}

    return repeat


def _with_tensors(runtime: Any, masked_image: Any, mask: Any) -> Repeat:
    """Prepare the pass of a checkout whose runtimes take tensors; crops were in channels-last order there."""
    import torch

    image = torch.from_numpy(masked_image).contiguous(memory_format=torch.channels_last)
    hole = torch.from_numpy(mask)

    def repeat() -> dict[str, Figures]:
        clock = Clock()
        with torch.inference_mode():
            runtime(image, hole)
        return {"": clock.figures()}

    return repeat


def command(arguments: list[str]) -> Repeat:
    """Prepare `python -m inpaint`, from the start of the interpreter to its end.

    Args:
        arguments: of the command.
    """

    def repeat() -> dict[str, Figures]:
        started = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "inpaint", *arguments], stdout=sys.stderr)
        return {"": _end(process, started, expected=0)}

    return repeat


def page(photo: str | None) -> Repeat:
    """Prepare `python app.py`, from the start of the interpreter until a request is answered.

    Args:
        photo: JPEG file: until it is uploaded and opened, and a stroke on it is filled; None: until the page loads.
    """

    def repeat() -> dict[str, Figures]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        folder = tempfile.mkdtemp()
        settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": folder, "GRADIO_ANALYTICS_ENABLED": "0"}
        started = time.perf_counter()
        process = subprocess.Popen([sys.executable, "app.py"], stdout=sys.stderr, env=os.environ | settings)
        try:
            _wait_for(f"http://127.0.0.1:{port}/", process)
            if photo is not None:
                _paint(f"http://127.0.0.1:{port}/", Path(photo).read_bytes())
            process.kill()
            return {"": _end(process, started)}
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)

    return repeat


def _wait_for(url: str, process: subprocess.Popen) -> None:
    """Wait until a page answers."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            _request(url)
            return
        except (urllib.error.URLError, ConnectionError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"app.py does not answer at {url}") from None
            time.sleep(POLL_S)


def _paint(url: str, photo: bytes) -> None:
    """Upload a photo, open it, and paint a stroke, as a browser does."""
    config = json.loads(_request(f"{url}config"))
    component = next(part["id"] for part in config["components"] if part["type"] == "html")
    edge = secrets.token_hex(16)
    head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="photo.jpg"\r\n\r\n'.encode()
    body, kind = head + photo + f"\r\n--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"
    (path,) = json.loads(_request(f"{url}gradio_api/upload", body, kind))

    def action(name: str, **arguments: Any) -> Any:
        sent = {"component_id": component, "session_hash": edge, "fn_name": name, "data": arguments}
        answer = json.loads(_request(f"{url}gradio_api/component_server/", json.dumps(sent).encode()))
        return action(name, **arguments, ticket=answer["ticket"]) if answer.get("code") == "busy" else answer

    visit = action("open_photo", path=path)["visit"]
    stroke = {"points": [[100, 100], [300, 200]], "brush": 30, "erase": False}
    if not action("paint", visit=visit, strokes=[stroke])["patches"]:
        raise RuntimeError("the page has answered a stroke with no patches")


def _request(url: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        content: bytes = answer.read()
    return content


def _end(process: subprocess.Popen, started: float, expected: int | None = None) -> Figures:
    """Wait for the end of a process and return its figures.

    Raises:
        RuntimeError: it has another exit code than expected.
    """
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if expected is not None and process.returncode != expected:
        raise RuntimeError(f"{' '.join(map(str, process.args))} ended with code {process.returncode}")  # type: ignore[arg-type]
    peak_mb = usage.ru_maxrss * (1024 if sys.platform.startswith("linux") else 1) / 1e6
    return {"wall_s": wall_s, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": peak_mb}


def _peak_mb() -> float | None:
    """Return the peak resident memory of this process in millions of bytes; None where /proc does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM")), None)


TASKS: dict[str, Callable[..., Repeat]] = {
    "stroke": stroke, "call": call, "network_pass": network_pass, "command": command, "page": page,
}  # fmt: skip


def main() -> None:
    """Answer each line of standard input; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    settings = json.loads(sys.stdin.readline())
    repeat = TASKS[settings.pop("kind")](**settings)
    print("{}", file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(repeat()), file=answers, flush=True)


if __name__ == "__main__":
    main()
