"""Fixtures of the library's tests. Nothing heavy is imported before a test needs it."""

import pytest


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A folder with the weights of a small, untrained generator."""
    from inpaint.hub.weights import save_generator
    from inpaint.networks.config import FreeFormConfig
    from inpaint.networks.generators import build_generator

    folder = tmp_path_factory.mktemp("weights")
    save_generator(build_generator(FreeFormConfig(channels=(8, 8, 8), blocks=1, attention_every=0)), folder)
    return str(folder)
