"""Which addresses plaintext may be spoken to."""

import ipaddress

__all__ = ["is_loopback"]


def is_loopback(address: str) -> bool:
    """True where `host:port` cannot be reached from another machine."""
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
