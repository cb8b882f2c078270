"""Go on without Xet, the storage protocol of the Hub, where a Hub has none.

huggingface_hub uses Xet wherever `hf_xet` is installed, and asks the Hub for a token first. Hubs of companies and
mirrors answer that with 404, which `hf_xet` reports as a failed connection.
"""

import logging
import re

from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError

from .errors import causes

_TOKEN_ADDRESS = re.compile(r"/xet-(read|write)-token")
_MISSING_STATUS = (404, 405, 410, 501)
_MISSING = re.compile(rf"\b({'|'.join(map(str, _MISSING_STATUS))})\b")
_BAD_ANSWER = "Xet headers have not been correctly set"
log = logging.getLogger(__name__)


def disable_missing_xet(error: BaseException) -> bool:
    """Switch Xet off for this process if an error says that the Hub has none, and log a warning.

    Args:
        error: of an attempt to read or write a file.

    Returns:
        Whether Xet was switched off, so that another attempt, by plain HTTP, may succeed.
    """
    if constants.HF_HUB_DISABLE_XET or not any(map(_says_no_xet, causes(error))):
        return False
    constants.HF_HUB_DISABLE_XET = True
    log.warning(
        "%s has no Xet storage (it gave no token for it): files are read and written without Xet from now on."
        " HF_HUB_DISABLE_XET=1 skips the attempt.",
        constants.ENDPOINT,
    )
    return True


def _says_no_xet(error: BaseException) -> bool:
    """Return whether an error is about the token: as huggingface_hub raises it, or as a text of `hf_xet`."""
    text = str(error)
    address = _TOKEN_ADDRESS.search(text)
    if isinstance(error, HfHubHTTPError):
        return address is not None and error.response.status_code in _MISSING_STATUS
    return _BAD_ANSWER in text or (address is not None and bool(_MISSING.search(text[: address.start()])))
