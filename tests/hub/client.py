"""Clients as separate processes: HF_ENDPOINT is read when huggingface_hub is imported, so a test cannot change it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Client:
    """The machine of a user: an empty HF_HOME, and Python processes that connect to the Hub at `url`.

    Args:
        url: becomes HF_ENDPOINT.
        home: becomes HF_HOME; two clients with different homes share no cache and no token.
        token: becomes HF_TOKEN; None: an anonymous user.
    """

    def __init__(self, url: str, home: Path, token: str | None = "hf_me"):
        unwanted = ("HF_", "HUGGING_FACE", "MODEL_", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        self.env.update(
            HF_ENDPOINT=url,
            HF_HOME=str(home),
            HF_HUB_DISABLE_XET="1",
            HF_HUB_DISABLE_TELEMETRY="1",
            HF_HUB_DISABLE_PROGRESS_BARS="1",
            HF_HUB_DISABLE_UPDATE_CHECK="1",
            GRADIO_ANALYTICS_ENABLED="0",
            MPLBACKEND="Agg",
            NO_PROXY="127.0.0.1,localhost",
            OMP_NUM_THREADS="1",  # a sixth less CPU time than with two: the networks of the tests are small
            PYTHONPATH=str(ROOT),
        )
        if token is not None:
            self.env["HF_TOKEN"] = token

    def run(self, *args: object, timeout_s: float = 120, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `python ARGS...`; with `check`, fail with its output if its exit code is not 0."""
        command = [sys.executable, *map(str, args)]
        done = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s)
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *args: object, **kwargs: Any) -> subprocess.Popen[str]:
        """Start `python ARGS...` in the background, with its output in a pipe."""
        command = [sys.executable, *map(str, args)]
        return subprocess.Popen(command, env=self.env, cwd=ROOT, text=True, **{"stdout": subprocess.PIPE, **kwargs})

    def evaluate(self, code: str, timeout_s: float = 120) -> Any:
        """Run `code`; return what it assigns to `answer`, which must be JSON."""
        script = f"{code}\nimport json as _json\nprint('\\nANSWER', _json.dumps(answer))"
        return json.loads(self.run("-c", script, timeout_s=timeout_s).stdout.rpartition("ANSWER ")[2])
