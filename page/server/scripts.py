"""The page's ES modules and styles: the route that serves the modules, and the code that starts one in a component."""

import os
from os import PathLike, stat_result
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

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


class ScriptFiles(StaticFiles):
    """Serve the `.js` files below a folder, and no other files.

    Browsers revalidate each file (`no-cache`) and get 304 while its ETag is the same, so that a new version of
    the page takes effect at the next visit, and never together with modules of the old one.
    """

    def get_path(self, scope: Scope) -> str:
        """Return the file's path as the route has matched it.

        StaticFiles derives it from `root_path`, which fails behind a proxy that strips the prefix named there.
        """
        return os.path.normpath(os.path.join(*scope["path_params"]["path"].split("/")))

    def lookup_path(self, path: str) -> tuple[str, stat_result | None]:
        """Return the file of a relative path; ("", None) if it is not a script inside the folder."""
        return super().lookup_path(path) if path.endswith(".js") else ("", None)

    def file_response(
        self, full_path: PathLike | str, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return the response for a file, with the type of a script, whatever the system maps `.js` to."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        if response.status_code == 200:
            response.headers["Content-Type"] = "text/javascript; charset=utf-8"
        return response


def script_route(folder: Path = STATIC) -> Route:
    """Return the route that serves the modules in `page/static` at /scripts."""
    return Route(f"/{SCRIPTS_PATH}/{{path:path}}", ScriptFiles(directory=folder))


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
