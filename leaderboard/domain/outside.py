"""Where webhooks may go: to servers of the world outside, and to none of the network that we stand in.

Whoever may enter an address could otherwise let us ask what only our own machine can reach: the cloud's metadata, a
database, a router (CWE-918). An address is checked when it is entered, and what its name stands for each time it is
used.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from leaderboard.domain.errors import AddressRefused

LONGEST_ADDRESS = 2_000
VISIBLE = re.compile(r"[!-~]+")
PORTS = {"https": 443, "http": 80}
UNICAST = IPv6Network("2000::/3")  # all that is given out (RFC 4291)
TEREDO = IPv6Network("2001::/32")
NAT64 = IPv6Network("64:ff9b::/96")
DOCUMENTED = IPv6Network("3fff::/20")  # in examples only (RFC 9637)
# What Python takes for the world outside: protocols' own (one cloud's metadata is at 192.0.0.192), relays of 6to4, and
# the address at which every machine of another cloud is told its settings.
NEAR = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))


class Target(NamedTuple):
    """An address taken apart. host: a name, or an IP address without brackets; path: with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(text: str, *, may_reach_inside: bool) -> Target:
    """Return an address taken apart.

    may_reach_inside: also http:// is taken, which goes to servers without a certificate within the own network.
    Raises AddressRefused: `form`, `scheme`, `user` (a name or password before the host), `long`.
    """
    if len(text) > LONGEST_ADDRESS:
        raise AddressRefused("long", f"The address has {len(text):,} characters; enter at most {LONGEST_ADDRESS:,}.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not VISIBLE.fullmatch(text) or "\\" in text or not parts.hostname or port == 0 or "%" in parts.netloc:
        raise AddressRefused(
            "form", "This is not a web address such as https://hooks.example.com/abc; copy it from the receiver's page."
        )
    if parts.scheme != "https" and not (may_reach_inside and parts.scheme == "http"):
        raise AddressRefused("scheme", "The address begins with another word than https://; enter one that does.")
    if "@" in parts.netloc:
        raise AddressRefused("user", "The address has a name before its host; enter it without what stands before @.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or PORTS[parts.scheme], path)


def is_outside(address: str) -> bool:
    """Tell whether an IP address is one of the world outside, that anybody can reach.

    No loopback, private, link-local, shared (CGNAT), multicast, reserved or unspecified one; an IPv6 address that
    carries an IPv4 one (mapped, NAT64, 6to4) is as that one, and Teredo's none.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not ip.is_reserved and not any(ip in each for each in NEAR)
    return _is_outside_6(ip)


def _is_outside_6(ip: IPv6Address) -> bool:
    inner = ip.ipv4_mapped or ip.sixtofour or (IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in NAT64 else None)
    if inner is not None:
        return is_outside(str(inner))
    return ip in UNICAST and ip not in TEREDO and ip not in DOCUMENTED and ip.is_global


def shortened(address: str) -> str:
    """Return as much of an address as may be shown: the rest is as good as a password."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/…"
