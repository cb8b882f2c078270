"""A local Hub server: the HTTP API that the real `huggingface_hub` and `datasets` clients call.

`with Hub() as hub:` serves on a free port of 127.0.0.1; `hub.url` is what HF_ENDPOINT is set to.
"""

from tests.hub.server import Fault, Hub
from tests.hub.users import User

__all__ = ["Fault", "Hub", "User"]
