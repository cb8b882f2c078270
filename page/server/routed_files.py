"""Files of a folder as a route of the page, behind proxies too; only files of some types."""

import os
from os import PathLike, stat_result
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class RoutedFiles(StaticFiles):
    """Serve the files below a folder whose names end in certain ways, and no other files.

    Browsers revalidate each file (`no-cache`) and get 304 while its ETag is the same, so that a new version of
    the page takes effect at the next visit, and never together with files of the old one.

    Args:
        directory: the folder.
        suffixes: such as ".js".
    """

    def __init__(self, directory: Path, suffixes: tuple[str, ...]) -> None:
        super().__init__(directory=directory)
        self.suffixes = suffixes

    def get_path(self, scope: Scope) -> str:
        """Return the file's path as the route has matched it; "index.html" for the folder itself.

        StaticFiles derives it from `root_path`, which fails behind a proxy that strips the prefix named there.
        """
        path = scope["path_params"]["path"] or "index.html"
        return os.path.normpath(os.path.join(*path.split("/")))

    def lookup_path(self, path: str) -> tuple[str, stat_result | None]:
        """Return the file of a relative path; ("", None) if it is not one of these files inside the folder."""
        return super().lookup_path(path) if path.endswith(self.suffixes) else ("", None)

    def file_response(
        self, full_path: PathLike | str, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return the response for a file, which browsers revalidate."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        return response
