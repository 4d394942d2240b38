"""The command lines of our documents, run as a reader would run them."""

import os
import re
import subprocess
from pathlib import Path

from leaderboard.resources import PACKAGE

ROOT = PACKAGE.parent
DOCS = ROOT / "docs"


def blocks(document: Path, kind: str) -> list[str]:
    """Return the fenced blocks of one kind in a document, "" for those that name none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name == kind]


def run(script: str, folder: Path, commands: Path, **environment: str) -> str:
    """Run lines of a shell in a folder, with `commands` first on the path; return what they print on both outputs."""
    settings = {
        **os.environ,
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}"
    return done.stdout
