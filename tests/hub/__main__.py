"""python -m tests.hub --port 0 --root DIR [--token NAME=TOKEN ...]: serve until interrupted, URL on the first line.

Clients need HF_ENDPOINT=URL, HF_TOKEN=hf_me, and HF_HUB_DISABLE_XET=1, since this Hub stores no Xet files.
"""

import argparse
import contextlib
import threading
from pathlib import Path

from tests.hub.server import Hub
from tests.hub.users import User


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hub", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--root", type=Path, default=None, help="keeps the repositories; default: a fresh folder")
    parser.add_argument("--token", action="append", default=[], metavar="NAME=TOKEN", help="default: me=hf_me")
    args = parser.parse_args()
    users = [User(*pair.partition("=")[::2]) for pair in args.token] or None
    with Hub(root=args.root, port=args.port, users=users) as hub:
        print(hub.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
