"""Errors as huggingface_hub raises them, made without a server."""

import httpx2
from huggingface_hub.errors import HfHubHTTPError


def http_error(status, message=None, kind=HfHubHTTPError, **headers):
    """The error for a response of the Hub with this status, message and type."""
    request = httpx2.Request("GET", "https://example.org/x")
    response = httpx2.Response(status, headers=headers, request=request)
    return kind(f"answered {status}", response=response, server_message=message)
