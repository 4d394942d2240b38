"""Mail servers for tests: real ones, one that is busy at first, one that dies at the worst moment; all on loopback."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from leaderboard.services.means import MailServer, Means
from leaderboard.services.sealing import Seal

LOOPBACK = "127.0.0.1"
SENDER = "Aurora <board@example.com>"
ADDRESS = "https://board.example.com"


def means_of(port: int = 25, wording: Any = None, **server: Any) -> Means:
    """Return means with a mail server on loopback."""
    settings = {"security": "none", "user": None, "password": None, "sender": SENDER, **server}
    words = {} if wording is None else {"wording": wording}
    return Means(
        seal=Seal(["a key of these tests"]), address=ADDRESS, mail=MailServer(LOOPBACK, port, **settings), **words
    )


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Box:
    """Takes e-mail. to_rcpt, to_data: what is answered, one after another; then it is taken."""

    def __init__(self, to_rcpt: list[str] | None = None, to_data: list[str] | None = None) -> None:
        self.taken: list[Any] = []
        self.to_rcpt, self.to_data = to_rcpt or [], to_data or []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.to_rcpt:
            return self.to_rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.to_data:
            return self.to_data.pop(0)
        self.taken.append(envelope)
        return "250 OK"


@contextmanager
def serving(box: Box, **options: Any) -> Iterator[int]:
    """Serve a box, and give the port."""
    controller = Controller(box, hostname=LOOPBACK, port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def only_for(user: str, password: str) -> Callable[..., AuthResult]:
    """Return what lets in who knows a password."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        knows = (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=knows, handled=False)

    return check


def certificate_for(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for loopback, and return the server's side of it, and the file by which it is trusted."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOOPBACK)])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    trusted, private = folder / "certificate.pem", folder / "key.pem"
    trusted.write_bytes(made.public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(pem, *plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted


@contextmanager
def dying_after(last: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Serve one connection and end it as soon as a line was sent; give the port, and the lines that came."""
    door = socket.create_server((LOOPBACK, 0))
    lines: list[bytes] = []

    def serve() -> None:
        connection, _ = door.accept()
        with connection, connection.makefile("rwb", buffering=0) as stream:
            stream.write(b"220 hello\r\n")
            is_data = False
            while line := stream.readline().strip(b"\r\n"):
                lines.append(line)
                if line.upper().startswith(last):
                    return
                begins = line.upper() == b"DATA"
                stream.write(b"354 go on\r\n" if begins else b"" if is_data else b"250 OK\r\n")
                is_data = is_data or begins
            while is_data and (line := stream.readline().strip(b"\r\n")) != b".":
                pass
            lines.append(b".")

    thread = Thread(target=serve)
    thread.start()
    try:
        yield door.getsockname()[1], lines
    finally:
        thread.join(10)
        door.close()
