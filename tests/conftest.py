"""Settings and fixtures for all tests. Nothing heavy is imported before a test needs it."""

import os
import sys

os.environ.update(
    GRADIO_ANALYTICS_ENABLED="0",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_XET="1",
    MPLBACKEND="Agg",
    OMP_NUM_THREADS="1",
)

import pytest

from tests.hub import Hub, User
from tests.hub.client import Client

# else each of the many processes compiles the code that it imports, and each run all tests
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_configure(config):
    """Warnings are errors, except this: huggingface_hub uploads in a way that its own HTTP library warns of."""
    config.addinivalue_line("filterwarnings", "ignore:Use 'content=:DeprecationWarning")


def pytest_xdist_auto_num_workers():
    """Half as many processes again as there are cores: a third of the time tests wait for programs and connections."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return -(-3 * cores // 2)


@pytest.fixture(autouse=True)
def one_thread():
    """Torch on one thread: the networks of the tests are so small that threads only wait for each other."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


@pytest.fixture(scope="module")
def browser():
    """A running Chromium."""
    from tests.page.browsing import ARGUMENTS, CHROMIUM

    if not CHROMIUM:
        if os.getenv("REQUIRE_BROWSER"):
            pytest.fail("no chromium was found: install one, or unset REQUIRE_BROWSER")
        pytest.skip("no chromium was found")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The page, with a generator that fills with one colour. A module that needs another one has its own."""
    from tests.page.serving import serving

    with serving(tmp_path_factory.mktemp("uploads").resolve()) as running:
        yield running


@pytest.fixture(scope="module")
def tab(browser):
    """A browser tab that the tests of a module share: loading a page again is faster than opening a new tab."""
    from tests.page.browsing import open_tab

    tab = open_tab(browser)
    yield tab
    tab.context.close()


@pytest.fixture
def visitor(tab, served):
    """A visitor with the served page just loaded; its scripts must not fail."""
    from tests.page.browsing import Visitor

    visitor = Visitor(tab, served.url)
    yield visitor
    visitor.finish()


@pytest.fixture
def hub():
    """A running Hub with the accounts "me" (writes), "you" (writes) and "me" again with a token that only reads."""
    with Hub(users=[User("me", "hf_me"), User("you", "hf_you"), User("me", "hf_reader", role="read")]) as running:
        yield running


@pytest.fixture
def client(hub, tmp_path):
    """A machine with an empty cache, signed in as "me"."""
    return Client(hub.url, tmp_path / "hf_home")


@pytest.fixture
def anonymous(hub, tmp_path):
    """A machine with an empty cache and no token."""
    return Client(hub.url, tmp_path / "hf_home_anonymous", token=None)


@pytest.fixture
def pauses(monkeypatch):
    """The pauses of retries, which take no time: a clock that only sleeping advances."""
    slept = []
    monkeypatch.setattr("inpaint.hub.retry.time.sleep", slept.append)
    monkeypatch.setattr("inpaint.hub.retry.time.monotonic", lambda: sum(slept))
    return slept
