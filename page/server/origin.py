"""Which site sent a request."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import gradio as gr


def is_same_origin(request: gr.Request) -> bool:
    """Return whether a page of this server sent a request, or a program; another site's page did not.

    Browsers say so in Sec-Fetch-Site, which no script can set, on https and on this machine. Elsewhere the host in
    Origin has to be the one that was asked.

    Reference:
        W3C, Fetch Metadata Request Headers, 2.3, "The Sec-Fetch-Site HTTP Request Header".
    """
    headers: Mapping[str, str] = request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site in ("cross-site", "same-site"):
        return False
    if site is not None or not origin:
        return True  # browsers send Origin with every cross-origin request that does something
    ours = [headers.get("host", ""), headers.get("x-forwarded-host", ""), *os.getenv("SPACE_HOST", "").split(",")]
    return urlsplit(origin).netloc in ours if host_of(origin) else False


def host_of(address: str) -> str | None:
    """Return the host of a URL; None if it has none or is not valid."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
