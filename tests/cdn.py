"""What the CDN would answer: the file of that name in the npm package of that version.

The package comes through npm, or without npm from the registry that npm's own settings name.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "npm"
ADDRESS = re.compile(r"https://[^/]+/(?:npm/)?(?P<package>(?:@[^/]+/)?[^/@]+)@(?P<version>[^/]+)/(?P<path>.+)")
NPMRC = re.compile(r"^\s*registry\s*=\s*(\S+)", re.MULTILINE)


def integrity_of(content: bytes) -> str:
    """Return the integrity value that a page names for these bytes."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def cdn_file(url: str, integrity: str) -> bytes:
    """Return the bytes that a CDN serves at a versioned address, checked against the page's integrity."""
    match = ADDRESS.fullmatch(url)
    if not match:
        raise ValueError(f"{url} names no npm package with its version")
    kept = CACHE / "{package}@{version}+{path}".format(**match.groupdict()).replace("/", "+")
    if not kept.exists():
        content = _from_package(match["package"], match["version"], match["path"])
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
    content = kept.read_bytes()
    if integrity_of(content) != integrity:
        kept.unlink()
        raise ValueError(f"{url} has the integrity {integrity_of(content)}; the page names {integrity}")
    return content


def _from_package(package: str, version: str, path: str) -> bytes:
    tarball = _npm_pack(package, version) if shutil.which("npm") else _download(package, version)
    with tarfile.open(fileobj=BytesIO(tarball)) as archive:
        file = archive.extractfile(f"package/{path}")
        if file is None:
            raise FileNotFoundError(f"{package}@{version} holds no {path}")
        return file.read()


def _npm_pack(package: str, version: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{package}@{version}", "--pack-destination", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[:4])} failed: {done.stderr.strip() or done.stdout}")
        return next(Path(folder).glob("*.tgz")).read_bytes()


def registry() -> str | None:
    """Return the registry that npm is told to use, by its environment or its settings files."""
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if value := os.environ.get(name):
            return value
    for file in (Path.home() / ".npmrc", Path("/etc/npmrc")):
        if file.is_file() and (match := NPMRC.search(file.read_text(encoding="utf-8"))):
            return match[1]
    return None


def _download(package: str, version: str) -> bytes:
    base = registry()
    if not base:
        raise RuntimeError("npm is not installed: run `make test`, or install `npm`")
    with urllib.request.urlopen(f"{base.rstrip('/')}/{quote(package, safe='@')}/{version}") as answer:
        tarball = json.load(answer)["dist"]["tarball"]
    with urllib.request.urlopen(tarball) as answer:
        return answer.read()
