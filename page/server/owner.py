"""The owner's key: a secret that the page prints when it starts, as Jupyter does."""

import hmac
import secrets


class OwnerKey:
    """Tells the owner of the machine from everybody else who reaches the port.

    Neither the address of a request nor its headers can: a tunnel adds none, and each user of a shared computer has the
    same address. The key is new at each start, travels in the body of a call and is in no cookie, so that no other site
    can make a browser send it.

    Args:
        value: the key; None: a new random one.
    """

    def __init__(self, value: str | None = None) -> None:
        self.value = secrets.token_urlsafe(24) if value is None else value

    def matches(self, key: object) -> bool:
        """Return whether a visitor sent this key; the time does not tell how much of it was right."""
        return isinstance(key, str) and hmac.compare_digest(key.encode("utf-8", "replace"), self.value.encode())

    def link(self, url: str, path: str) -> str:
        """Return the link that the page prints. Browsers keep what follows the # to themselves: no log holds it.

        Args:
            url: of the page, ending in a slash.
            path: of the part of the page that asks for the key.
        """
        return f"{url}{path}#key={self.value}"
