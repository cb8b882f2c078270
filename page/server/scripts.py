"""The page's ES modules and styles: the route that serves the modules, and the code that starts one in a component."""

from os import PathLike, stat_result
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from page.server.routed_files import RoutedFiles

STATIC = Path(__file__).parents[1] / "static"
ICON = (STATIC / "icon.svg").read_text(encoding="utf-8")
SCRIPTS_PATH = "scripts"

_LOADER = """
import(new URL("{path}", document.baseURI))
  .then(({{ start }}) => start({{ element, props, server, upload, notifyInput: () => trigger("input") }}))
  .catch((error) => {{
    console.error(error);
    const language = navigator.language?.toLowerCase().startsWith("zh") ? "zh" : "en";
    const alert = element.querySelector("[role=alert]");
    alert.hidden = false;
    alert.textContent = props.texts[language].scripts_failed;
  }});
"""


class ScriptFiles(RoutedFiles):
    """Serve the `.js` files below a folder, with the type of a script, whatever the system maps `.js` to."""

    def file_response(
        self, full_path: PathLike | str, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return the response for a file."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        if response.status_code == 200:
            response.headers["Content-Type"] = "text/javascript; charset=utf-8"
        return response


def script_route(folder: Path = STATIC) -> Route:
    """Return the route that serves the modules in `page/static` at /scripts."""
    return Route(f"/{SCRIPTS_PATH}/{{path:path}}", ScriptFiles(folder, (".js",)))


def load_script(module: str) -> str:
    """Return the `js_on_load` of a Gradio component that imports a module and calls its `start`.

    The URL is relative to the page, as Gradio's own assets are, so it is right behind a proxy with a path prefix and
    for the page's second route. `start` gets what Gradio hands to `js_on_load`: the component's element, props, server
    functions and upload function; and `notifyInput`, which triggers the component's input event.

    Args:
        module: path below `page/static`, such as "editor/editor.js".
    """
    return _LOADER.format(path=f"{SCRIPTS_PATH}/{module}")


def load_styles(*names: str) -> str:
    """Return style sheets of `page/static` as one `css_template`; later ones override earlier ones."""
    return "\n".join((STATIC / f"{name}.css").read_text(encoding="utf-8") for name in names)
