"""/compare/: the comparison of methods from the documentation, where a link of the page leads to."""

from pathlib import Path

from starlette.routing import Route

from page.server.routed_files import RoutedFiles

FOLDER = Path(__file__).parents[2] / "docs" / "compare"
COMPARISON_PATH = "compare/"
_SUFFIXES = (".html", ".css", ".js", ".webp")


def comparison_routes() -> list[Route]:
    """Return the route that serves the comparison; none where the documentation is not installed."""
    if not (FOLDER / "index.html").is_file():
        return []
    return [Route(f"/{COMPARISON_PATH}{{path:path}}", RoutedFiles(FOLDER, _SUFFIXES))]


def without_dead_link(template: str) -> str:
    """Return the editor's template, without the link to the comparison where that is not served."""
    if comparison_routes():
        return template
    return "\n".join(line for line in template.split("\n") if f'href="{COMPARISON_PATH}"' not in line)
