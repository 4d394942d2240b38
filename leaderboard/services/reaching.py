"""Reaching a server outside: one POST to an address that was checked, and to no other."""

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Timer

from leaderboard.domain.errors import AddressRefused, Refused
from leaderboard.domain.outside import Target, is_outside, parse_target
from leaderboard.domain.shown import shown

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
WHOLE_SECONDS = 20.0  # whatever the server does: it may send a byte every nine seconds
MOST_ADDRESSES = 3  # of a name are tried, such as an IPv6 one first that no route leads to
MOST_READ = 4_096
LONGEST_TOLD = 200


@dataclass(frozen=True)
class Answer:
    """What a server answered. status: None where there was no answer; told: why not, or how its body begins."""

    status: int | None
    told: str
    retry_after: str | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the server took what it was sent."""
        return self.status is not None and 200 <= self.status < 300


def post(address: str, body: bytes, headers: Mapping[str, str], *, may_reach_inside: bool) -> Answer:
    """Send a body to an address, and return what came of it; nothing is raised.

    No redirect is followed, at most 4 kB of the answer are read, and after 20 seconds it is over.
    """
    try:
        target = parse_target(address, may_reach_inside=may_reach_inside)
        return _post(target, checked_addresses(target, may_reach_inside=may_reach_inside), body, headers)
    except Refused as error:
        return Answer(None, str(error))
    except ssl.SSLCertVerificationError as error:
        return Answer(None, f"The server's certificate is not valid: {shown(error.verify_message, LONGEST_TOLD)}.")
    except TimeoutError:
        return Answer(None, "The server does not answer in time.")
    except (OSError, HTTPException, ValueError) as error:
        return Answer(None, f"The server cannot be reached: {shown(_why(error), LONGEST_TOLD)}.")


def checked_addresses(target: Target, *, may_reach_inside: bool) -> list[str]:
    """Return the IP addresses of a target's host.

    Raises AddressRefused: `unknown`, and `inside` if any of them is not of the world outside, unless that is allowed.
    Numbers in other forms, such as 0x7f000001 or 2130706433, are what the system takes them for.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused("unknown", f"There is no server {shown(target.host)}; check the address.") from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not may_reach_inside and not all(map(is_outside, addresses)):
        raise AddressRefused(
            "inside",
            f"{shown(target.host)} stands for an address within a private network, where no webhook goes; "
            "enter a public one, or set HOOKS_MAY_REACH_INSIDE.",
        )
    return addresses


class _Line:
    """A connection that ends by itself when its time is over."""

    def __init__(self, reached: socket.socket) -> None:
        self.reached, self.is_over = reached, False
        self._timer = Timer(WHOLE_SECONDS, self._end)
        self._timer.daemon = True
        self._timer.start()

    def secure(self, host: str) -> None:
        """Speak TLS from here on, with who proves to be the host."""
        context = ssl.create_default_context()
        secured = context.wrap_socket(self.reached, server_hostname=host, do_handshake_on_connect=False)
        self.reached = secured
        secured.do_handshake()

    def close(self) -> None:
        """End it."""
        self._timer.cancel()
        self.reached.close()

    def _end(self) -> None:
        self.is_over = True
        with suppress(OSError):
            socket.socket.shutdown(self.reached, socket.SHUT_RDWR)  # what waits to read wakes up


def _post(target: Target, addresses: list[str], body: bytes, headers: Mapping[str, str]) -> Answer:
    line = _Line(_connected(target, addresses))
    try:
        line.reached.settimeout(READ_SECONDS)
        if target.scheme == "https":
            line.secure(target.host)
        connection = HTTPConnection(target.host, target.port)
        connection.sock = line.reached
        connection.request("POST", target.path, body, {"Host": target.authority, "Connection": "close", **headers})
        return _answer(connection.getresponse())
    except (OSError, HTTPException) as error:
        raise (TimeoutError() if line.is_over else error) from None
    finally:
        line.close()


def _connected(target: Target, addresses: list[str]) -> socket.socket:
    """Connect to exactly one of the addresses that were checked: the name is not asked for again (DNS rebinding)."""
    failure: OSError = OSError("it has no address")
    for each in addresses[:MOST_ADDRESSES]:
        try:
            return socket.create_connection((each, target.port), CONNECT_SECONDS)
        except OSError as error:
            failure = error
    raise failure


def _answer(response: HTTPResponse) -> Answer:
    """Return the answer. Once its status is known, no failure of its body makes it another."""
    told = b""
    with suppress(OSError, HTTPException):
        told = response.read(MOST_READ)
    words = " ".join(told.decode("utf-8", "replace").split())
    return Answer(response.status, shown(words, LONGEST_TOLD), response.getheader("Retry-After"))


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
