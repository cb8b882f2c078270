"""Why a server cannot be reached, in words for whoever uses the program: no numbers of system errors."""

import errno
import re
import socket
import ssl

from .http import httpx2

_OF_NUMBER = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ECONNRESET: "the connection broke off",
    errno.ECONNABORTED: "the connection broke off",
    errno.EPIPE: "the connection broke off",
    errno.ETIMEDOUT: "no answer came in time",
    errno.ENETUNREACH: "this computer has no connection to that network",
    errno.ENETDOWN: "this computer has no connection to that network",
    errno.EHOSTUNREACH: "this computer has no connection to that network",
    errno.EADDRNOTAVAIL: "this computer has no connection to that network",
}
_OF_TYPE: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "no address is known for its name"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted here"),
    (ssl.SSLError, "no encrypted connection could be made"),
    (httpx2.ProxyError, "the proxy does not let the connection through"),
    (httpx2.TimeoutException, "no answer came in time"),
    (TimeoutError, "no answer came in time"),
    (httpx2.RemoteProtocolError, "the connection broke off"),
    (httpx2.ReadError, "the connection broke off"),
    (httpx2.WriteError, "the connection broke off"),
)
_ERROR_NUMBER = re.compile(r"\[(Errno|WinError|SSL)[^\]]*\] *")


def reason_of(chain: list[BaseException], text: str) -> str:
    """Return why a connection failed, such as "the connection was refused".

    Args:
        chain: the error and those that it was raised from.
        text: the first line of its message, which is returned, without a system error's number, if nothing is known.
    """
    for error in reversed(chain):  # the first cause says most
        if isinstance(error, OSError) and error.errno in _OF_NUMBER:
            return _OF_NUMBER[error.errno]
        words = next((words for type_, words in _OF_TYPE if isinstance(error, type_)), None)
        if words is not None:
            return words
    return _ERROR_NUMBER.sub("", text) or text
