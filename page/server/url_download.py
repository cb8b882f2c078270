"""Download what a call of the API or an MCP client names by a URL, within limits that Gradio does not have."""

import asyncio
import contextlib
import ipaddress
import os
import re
import secrets
import socket
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import gradio as gr
import httpx
from safehttpx import AsyncSecureTransport

from inpaint.hub.errors import causes, first_line
from inpaint.hub.unreachable import reason_of
from inpaint.os_errors import words_of
from page.server.checks import MAX_UPLOAD_MB
from page.server.disk import is_disk_full
from page.server.disk_budget import room_bytes
from page.server.texts import translate

TIMEOUT_S, CONNECT_TIMEOUT_S = 60.0, 10.0
MAX_REDIRECTS, MAX_DOWNLOADS = 5, 16
"""Of one URL, and how many URLs are read at the same time."""
MAX_URL = 4096
_REDIRECTS = (301, 302, 303, 307, 308)
_slots = asyncio.Semaphore(MAX_DOWNLOADS)


async def download_url(url: str, folder: Path) -> Path:
    """Return the file at a public URL, as a new file FOLDER/RANDOM/NAME, in the form of an upload.

    The size is looked at in the header and again while reading. Each redirect is checked like the first URL.

    Raises:
        gr.Error: the address is not public, or the file is too large, too slow or not there.
    """
    if len(url) > MAX_URL:
        raise _error(f"{url[:80]}... has {len(url)} characters, and a URL may have {MAX_URL}: upload the file instead.")
    name = re.sub(r"[^\w .,()+-]", "_", unquote(urlsplit(url).path.rpartition("/")[2])).lstrip(".")[-100:] or "file"
    target = folder / secrets.token_hex(32) / name
    try:
        async with asyncio.timeout(TIMEOUT_S), _slots:
            for _ in range(MAX_REDIRECTS + 1):
                following = await _read(url, target)
                if following is None:
                    return target
                url = following
        raise _error(f"{url} is behind more than {MAX_REDIRECTS} redirects: give the last address.")
    except gr.Error:  # which is a ValueError too
        raise
    except TimeoutError:
        raise _error(f"{url} took more than {TIMEOUT_S:.0f} s: upload the file instead.") from None
    except (OSError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        if is_disk_full(error):
            raise _error(translate("disk_full", "en")) from None
        raise _error(f"{url} could not be read ({_reason(error)}): upload the file instead.") from None


async def _read(url: str, target: Path) -> str | None:
    """Write the file at a URL, or return where it redirects to."""
    host = httpx.URL(url).host
    if urlsplit(url).scheme not in ("http", "https") or not host:
        raise _error(f"{url} is not the URL of a web page: it must begin with https://.")
    transport = AsyncSecureTransport(await public_address(host))
    headers = {"Accept-Encoding": "identity"}  # the size in the header is that of the file
    async with (
        httpx.AsyncClient(transport=transport, timeout=CONNECT_TIMEOUT_S, trust_env=False) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        if response.status_code in _REDIRECTS and "location" in response.headers:
            return urljoin(url, response.headers["location"])
        if response.status_code != 200:
            raise _error(f"{url} was answered with status {response.status_code}: check the address.")
        await _write(response, target)
    return None


async def _write(response: httpx.Response, target: Path) -> None:
    limit = MAX_UPLOAD_MB * 1_000_000
    too_large = _error(f"The file at {response.url.path} has more than {MAX_UPLOAD_MB} MB: reduce its size.")
    size = response.headers.get("content-length", "")
    if size.isdecimal() and int(size) > limit:
        raise too_large
    if (int(size) if size.isdecimal() else limit) > await asyncio.to_thread(room_bytes, target.parent.parent):
        raise _error("The server has no room for more files at present: try again in some minutes.")
    target.parent.mkdir(parents=True)
    try:
        with target.open("wb") as file:
            async for chunk in response.aiter_raw():
                limit -= len(chunk)
                if limit < 0:
                    raise too_large
                file.write(chunk)
    except BaseException:  # a cancelled download leaves nothing either
        with contextlib.suppress(OSError):
            target.unlink()
            os.rmdir(target.parent)
        raise


async def public_address(host: str) -> str:
    """Return an address of a host, if all of them are public: neither private, nor shared by a provider (100.64/10).

    Raises:
        gr.Error: one of them is not, or there is none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    if not addresses or not all(map(_is_public, addresses)):
        raise _error(f"The address of {host} failed validation: only files on public servers are read.")
    return str(addresses[0])


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if inner and not _is_public(inner):
            return False
        if address in _TRANSLATED and not _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)):
            return False
        if address.ipv4_mapped:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses behind a translator (RFC 6052)."""


def _reason(error: Exception) -> str:
    return reason_of(list(causes(error)), words_of(error) if isinstance(error, OSError) else first_line(error))


def _error(message: str) -> gr.Error:
    return gr.Error(message, print_exception=False)
