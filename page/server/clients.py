"""Which network a request comes from: what limits per visitor are counted by.

A visitor can open any number of tabs, visits and connections, but not send from any number of networks.
"""

import ipaddress
from collections.abc import Mapping
from contextvars import ContextVar

FORWARDED_FOR = "x-forwarded-for"
current_client: ContextVar[str | None] = ContextVar("current_client", default=None)
"""Who sent the request that is being handled."""


def client_of(host: str | None, headers: Mapping[str, str]) -> str:
    """Return the network of a request: an IPv4 address, or the first 64 bits of an IPv6 address.

    Args:
        host: the address that sent it, which may be a proxy's; None: unknown.
        headers: of the request, with names in lower case. X-Forwarded-For is believed only from a private address, as
            a proxy's is, and only its last public entry: what comes before it may be the visitor's own invention.
    """
    peer = _address(host)
    if peer is not None and not peer.is_global:
        forwarded = [_address(part) for part in headers.get(FORWARDED_FOR, "").split(",")]
        peer = next((address for address in reversed(forwarded) if address and address.is_global), peer)
    if peer is None:
        return str(host)
    if peer.version == 6:
        return str(ipaddress.ip_network((peer, 64), strict=False).network_address)
    return str(peer)


def _address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address((text or "").strip())
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
