"""Addresses of our own static files, which change with their content so that browsers may keep them."""

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from flask import current_app, url_for


def asset(name: str) -> str:
    """Return the address of a file in static/, with the digest of what is in it."""
    return url_for("static", filename=name, v=_digest(name).hex()[:12])


def integrity(name: str) -> str:
    """Return what a script's tag says of its content: without it our own policy blocks the script."""
    return f"sha384-{base64.b64encode(_digest(name)).decode()}"


def _digest(name: str) -> bytes:
    path = Path(current_app.static_folder or "") / name
    return _digest_of(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _digest_of(path: str, _changed_at: int) -> bytes:
    return hashlib.sha384(Path(path).read_bytes()).digest()
