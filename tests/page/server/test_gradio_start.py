"""Gradio, imported without stub files and pandas, each time in a separate process; pages with one application."""

import asyncio
import gc
import json
import subprocess
import sys

import gradio as gr
import pytest
from gradio.routes import App

from page.server.gradio_start import one_application
from tests.page.serving import GRADIO_WARNINGS

pytestmark = GRADIO_WARNINGS


def run(code):
    command = [sys.executable, "-c", f"import json, sys\nfrom page.server.gradio_start import import_gradio\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_gradio_is_complete_and_pandas_is_imported_when_it_is_used():
    found = run("""
path = list(sys.meta_path)
gr = import_gradio()
before = "pandas" in sys.modules
from gradio import caching
import pandas
print(json.dumps({
    "missing": [name for name in gr.__all__ if not hasattr(gr, name)],
    "before": before,
    "same": caching.pd.DataFrame is pandas.DataFrame,
    "frame": gr.Dataframe().postprocess(pandas.DataFrame({"a": [1]})).data,
    "path": path == sys.meta_path,
    "again": import_gradio() is gr,
}))
""")
    assert found == {"missing": [], "before": False, "same": True, "frame": [[1]], "path": True, "again": True}


def test_no_stub_file_is_written():
    """Gradio writes the files of its own components with the first function that it replaces."""
    written = run("""
from pathlib import Path
names, read = [], Path.read_text
Path.read_text = lambda self, *rest, **named: names.append(self.suffix) or read(self, *rest, **named)
import_gradio()
print(json.dumps(".pyi" in names))
""")
    assert written is False


def test_a_name_that_is_imported_from_pandas_meanwhile_is_that_of_pandas():
    assert run("""
from page.server.gradio_start import _ImportedOnUse
sys.modules["pandas"] = _ImportedOnUse("pandas")
from pandas import DataFrame
import pandas
print(json.dumps(DataFrame is pandas.DataFrame and type(pandas) is type(sys)))
""")


def test_a_missing_gradio_is_an_error_and_leaves_nothing_behind():
    assert run("""
sys.path[:], path = [], list(sys.meta_path)
try:
    import_gradio()
except ImportError:
    print(json.dumps(["pandas" in sys.modules, path == sys.meta_path]))
""") == [False, True]


def test_a_page_is_built_without_applications_and_launched_with_one(monkeypatch):
    built = []
    create_app = staticmethod(App.create_app)
    monkeypatch.setattr(App, "create_app", lambda *rest, **named: built.append(1) or create_app(*rest, **named))
    with one_application(), gr.Blocks() as page:
        gr.HTML()
    assert built == []
    with page.route("More", "more"):
        gr.HTML()
    assert len(built) == 1
    asyncio.set_event_loop(None)  # Gradio opens one, and leaves it to the garbage collector
    gc.collect()


def test_applications_are_built_again_after_an_error():
    create_app = App.create_app
    with pytest.raises(ValueError), one_application():
        raise ValueError
    assert App.create_app is create_app
