"""A server that receives webhooks, on this machine: it keeps what it is sent, and answers as it is told."""

import hashlib
import hmac
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from typing import Any

OK = (200, {}, b"ok")
Says = tuple[int, dict[str, str], bytes]


@dataclass
class Receiver:
    """What it received: path, headers and body of each request. says: its answers in turn, then always OK.

    wait: seconds before each answer; then: called with each request before it is answered; drips: seconds between the
    bytes of its answers.
    """

    port: int = 0
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    says: list[Says] = field(default_factory=list)
    wait: float = 0
    drips: float = 0
    then: Callable[[str], None] = lambda _path: None
    scheme: str = "http"

    def address(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        """Return an address that leads here."""
        return f"{self.scheme}://{host}:{self.port}{path}"

    def bodies(self, path: str = "/hook") -> list[bytes]:
        """Return what came to a path."""
        return [body for each, _, body in self.received if each == path]


def is_ours(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Verify a message as a receiver would who has read nothing but our documentation."""
    signed = headers["X-Leaderboard-Timestamp"].encode("ascii") + b"." + body
    wanted = "sha256=" + hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, headers["X-Leaderboard-Signature"])


@contextmanager
def receiving(certificate: str | None = None) -> Iterator[Receiver]:
    """Run a receiver. certificate: a file with key and certificate for https."""
    receiver = Receiver(scheme="https" if certificate else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append((self.path, dict(self.headers), body))
            receiver.then(self.path)
            status, headers, content = receiver.says.pop(0) if receiver.says else OK
            sleep(receiver.wait)
            head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            with suppress(OSError):  # who asked has gone
                self._write(head.encode() + b"\r\n" + content)

        def _write(self, answer: bytes) -> None:
            if not receiver.drips:
                self.wfile.write(answer)
                return
            for each in answer:
                self.wfile.write(bytes([each]))
                sleep(receiver.drips)

        do_GET = do_POST  # noqa: N815 - to see who follows a redirect

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_args: Any) -> None:
            """Say nothing of those who hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_port
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
