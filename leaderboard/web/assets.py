"""Addresses of our own static files, which change with their content so that browsers may keep them."""

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app, url_for


def asset(name: str) -> str:
    """Return the address of a file in static/, with the digest of what is in it."""
    return url_for("static", filename=name, v=_digest(name).hex()[:12])


def integrity(name: str) -> str:
    """Return what a script's tag says of its content: without it our own policy blocks the script."""
    return f"sha384-{base64.b64encode(_digest(name)).decode()}"


def release(app: Flask) -> str:
    """Return what tells this release of our pages from others: a digest of all templates and static files."""
    return _release_of(str(app.static_folder), str(app.template_folder))


@lru_cache(maxsize=4)
def _release_of(*folders: str) -> str:
    digest = hashlib.sha256()
    for folder in map(Path, folders):
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _digest(name: str) -> bytes:
    path = Path(current_app.static_folder or "") / name
    return _digest_of(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _digest_of(path: str, _changed_at: int) -> bytes:
    return hashlib.sha384(Path(path).read_bytes()).digest()
