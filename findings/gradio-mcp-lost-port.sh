#!/usr/bin/env bash
# gradio 6.31.0 with mcp 1.30.0: an app with an MCP server whose first port is lost does not start on any other port.
#
# Expected: launch() looks for a free port from 7860 on; if another program takes the one that it found before its server
# listens there, it goes on to the next one, as it does without an MCP server.
# Seen: it does go on, but with the same application, and the session manager of an MCP server can be started only once. So
# each further port fails after 5 s, though it is free, and launch() raises OSError at last: after eight minutes for the 100
# ports that it tries by default. A second launch() with the same app_kwargs fails in the same way, because Gradio has
# put the first application's lifespan into that dict; with a dict of its own it starts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gradio[mcp]==6.31.0" mcp==1.30.0
GRADIO_ANALYTICS_ENABLED=0 GRADIO_NUM_PORTS=3 "$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
import socket

import gradio as gr
from gradio import http_server


def echo(text: str) -> str:
    """Return a text."""
    return text


def page():
    with gr.Blocks() as blocks:
        gr.api(echo)
    return blocks


def started(blocks, mcp_server, app_kwargs):
    """Whether it starts, where another program takes the first port just before the server listens on it."""
    taken, run = [], http_server.Server.run_in_thread

    def run_in_thread(server):
        if not taken:
            taken.append(socket.create_server(("127.0.0.1", server.config.port)))
        run(server)

    http_server.Server.run_in_thread = run_in_thread
    try:
        blocks.launch(quiet=True, prevent_thread_lock=True, mcp_server=mcp_server, app_kwargs=app_kwargs, ssr_mode=False)
        return True
    except OSError:
        return False
    finally:
        http_server.Server.run_in_thread = run
        taken[0].close()
        blocks.close(verbose=False)


def starts_again(blocks, app_kwargs):
    try:
        blocks.launch(quiet=True, prevent_thread_lock=True, mcp_server=True, app_kwargs=app_kwargs, ssr_mode=False)
        return True
    except OSError:
        return False
    finally:
        blocks.close(verbose=False)


used, blocks = {"title": "Echo"}, page()
seen = {
    "first port lost, no MCP server": started(page(), False, {}),
    "first port lost, MCP server": started(blocks, True, used),
    "second launch with the same app_kwargs": starts_again(blocks, used),
    "second launch with new ones": starts_again(blocks, {"title": "Echo"}),
}
for case, has_started in seen.items():
    print(f"{case}: {'starts' if has_started else 'does not start'}")
assert list(seen.values()) == [True, False, False, True], "the behaviour has changed"
PYTHON
