"""/agents.md: how a language model calls this page, in the form of a skill, with the address that it was asked at."""

from gradio.route_utils import get_root_url
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from inpaint.photos.formats import readable_formats
from page.server.checks import MAX_JSON_MB, MAX_MEGAPIXELS, MAX_SIDE, MAX_UPLOAD_MB
from page.server.scripts import STATIC

AGENTS_PATH = "agents.md"


def agents_route() -> Route:
    """Return the route that serves `page/static/agents.md`, with the page's address, limits and formats filled in."""
    return Route(f"/{AGENTS_PATH}", _answer)


def agents_text(url: str) -> str:
    """Return the text for a page at this address, which ends in a slash."""
    text = (STATIC / AGENTS_PATH).read_text(encoding="utf-8")
    limits = {"megapixels": MAX_MEGAPIXELS, "side": f"{MAX_SIDE:,}", "megabytes": MAX_UPLOAD_MB}
    values = {"url": url, "json_megabytes": MAX_JSON_MB, "formats": readable_formats(), **limits}
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


async def _answer(request: Request) -> PlainTextResponse:
    url = get_root_url(request, f"/{AGENTS_PATH}", request.scope.get("root_path"))
    return PlainTextResponse(agents_text(f"{url.rstrip('/')}/"), media_type="text/markdown; charset=utf-8")
