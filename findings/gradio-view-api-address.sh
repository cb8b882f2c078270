#!/usr/bin/env bash
# gradio 6.31.0 with Playwright 1.65.2 and Debian's Chromium: the address ?view=api shows nothing, with the link in the footer.
#
# Expected: ?view=api, the address that the button "Use via API" puts into the address bar, opens the same dialog when it is
# loaded again, bookmarked or linked to. Documented: it needs "api" in footer_links.
# Seen: the dialog opens with a click on that button only. Loaded by its address, the page stays as it is: the dialog counts as
# open, but its code is imported by the button alone. The first click on the button then closes what was never shown, and the
# second one shows it. A page with a link of its own to ?view=api has to click Gradio's button for its visitor.
set -euo pipefail
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gradio==6.31.0 playwright==1.65.2
cd "$folder"
cat >view.py <<'PYTHON'
import sys

import gradio as gr
from playwright.sync_api import sync_playwright


def echo(text: str) -> str:
    return text


with gr.Blocks() as page:
    gr.api(echo)
_, url, _ = page.launch(prevent_thread_lock=True, quiet=True, footer_links=["api"])
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    tab = browser.new_page()
    tab.goto(f"{url}?view=api")
    button = tab.locator("button.show-api")
    button.wait_for()
    tab.wait_for_timeout(5000)
    shown = [tab.locator(".api-docs").count()]
    for _ in range(2):
        button.click(force=True)
        tab.wait_for_timeout(3000)
        shown.append(tab.locator(".api-docs").count())
    browser.close()
print(f"dialogs: {shown[0]} at the address, {shown[1]} after one click, {shown[2]} after two")
assert shown == [0, 0, 1], "the behaviour has changed"
PYTHON
GRADIO_ANALYTICS_ENABLED=False venv/bin/python view.py "$chromium"
