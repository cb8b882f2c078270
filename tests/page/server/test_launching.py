"""The page starts on a free port, also when another program takes that port at the same moment."""

import socket

import pytest

from page.server import launching


class Page:
    """Stands for a page whose first launches fail, as when their port has just been taken."""

    def __init__(self, failures):
        self.failures, self.ports = failures, []

    def launch(self, server_port=None, app_kwargs=None, **options):
        assert options == {"prevent_thread_lock": True, "quiet": True} and not app_kwargs
        if app_kwargs is not None:
            app_kwargs["lifespan"] = "of this application"
        self.ports.append(server_port)
        if len(self.ports) <= self.failures:
            raise OSError("Cannot find empty port")
        return None, f"http://127.0.0.1:{server_port}/", None


@pytest.fixture(autouse=True)
def unnamed(monkeypatch):
    monkeypatch.delenv("GRADIO_SERVER_PORT", raising=False)


def test_a_port_that_is_lost_at_the_last_moment_is_followed_by_another_launch():
    page = Page(failures=2)
    assert launching.launch(page, app_kwargs={}) == f"http://127.0.0.1:{page.ports[2]}/"
    assert page.ports == sorted(set(page.ports)) and len(page.ports) == 3


def test_after_some_launches_the_error_names_what_to_set():
    page = Page(failures=99)
    with pytest.raises(OSError, match="set GRADIO_SERVER_PORT to a free one"):
        launching.launch(page)
    assert len(page.ports) == launching.TRIES


def test_a_port_that_is_named_is_left_to_gradio(monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_PORT", "7999")
    page = Page(failures=0)
    launching.launch(page)
    monkeypatch.delenv("GRADIO_SERVER_PORT")
    launching.launch(page, server_port=7998)
    assert page.ports == [None, 7998]


def test_a_port_that_is_listened_on_is_not_free():
    with socket.create_server(("127.0.0.1", launching.first_free_port(launching.FIRST_PORT))) as server:
        assert launching.first_free_port(server.getsockname()[1]) > server.getsockname()[1]
