"""Set up what the Makefile's commands need: `setup.py install` to run, `setup.py test` to test.

Standard library only, for a machine that has no more than Python. What is there already is left alone; what
cannot be installed without rights is named in one line with the command that installs it.
"""

import glob
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
EXTRAS = {"install": "postgres", "test": "postgres,test"}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main(purpose: str) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 -- whatever python3 is on the machine runs this file
        stop(f"this is Python {sys.version.split()[0]}, too old: name a newer one, make PYTHON=python3.11")
    prepare_environment(purpose)
    if purpose == "test":
        install_system_packages(missing_for_tests())


def stop(message: str) -> None:
    sys.exit(f"set-up: {message}")


def prepare_environment(purpose: str) -> None:
    """Make .venv and install the package into it; a stamp of what it was made from skips this next time."""
    sources = (ROOT / "pyproject.toml").read_bytes() + sys.version.encode() + os.fsencode(ROOT)
    digest = hashlib.sha256(sources).hexdigest()
    stamps = [VENV / f".stamp-{name}" for name in ("test", purpose)]  # the tests' set holds the other
    if any(stamp.is_file() and stamp.read_text() == digest for stamp in stamps) and has_pip():
        return
    if not has_pip():
        make_environment()
    print(f"set-up: installing the packages for `make {purpose}` into .venv", flush=True)
    run(PYTHON, "-m", "pip", "install", "--quiet", "-e", f"{ROOT}[{EXTRAS[purpose]}]")
    stamps[-1].write_text(digest)


def has_pip() -> bool:
    """Tell whether .venv works: a moved checkout or a replaced Python leaves one that does not."""
    if not PYTHON.exists():
        return False
    return succeeds(PYTHON, "-m", "pip", "--version")


def make_environment() -> None:
    """Make .venv; Debian keeps what fills it with pip in a package of its own, which may be missing."""
    if importlib.util.find_spec("ensurepip") is None and importlib.util.find_spec("pip") is None:
        install_system_packages(["python3-venv"])
    if succeeds(sys.executable, "-c", "import ensurepip"):  # asked anew: it may have come just now
        run(sys.executable, "-m", "venv", "--clear", VENV)
    else:
        run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)
        run(sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet", "pip")


def missing_for_tests() -> list[str]:
    """Return the Debian packages that the tests need and this machine lacks."""
    has_browser = os.environ.get("CHROMIUM") or any(map(shutil.which, CHROMIUM))
    has_database = glob.glob("/usr/lib/postgresql/*/bin/initdb") or shutil.which("initdb")
    has_npm = shutil.which("npm") or any((ROOT / ".cache" / "npm").glob("oidc-provider@*"))
    return [
        *([] if has_browser else ["chromium"]),
        *([] if glob.glob("/usr/share/fonts/*/*/*.[to]t[fc]") else ["fonts-dejavu-core"]),
        *([] if has_library("libatomic.so.1") else ["libatomic1"]),
        *([] if has_database else ["postgresql"]),
        *([] if has_npm else ["npm"]),
    ]


def has_library(name: str) -> bool:
    return any(glob.glob(f"/{folder}/{name}") for folder in ("lib*", "usr/lib*", "usr/lib*/*-linux-*"))


def install_system_packages(packages: list[str]) -> None:
    """Install Debian packages, as root or through sudo; without either, say the line to run and stop."""
    if not packages:
        return
    line = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    prefix = administrator()
    if prefix is None or not shutil.which("apt-get"):
        stop(f"missing and not installable by this user; have an administrator run: sudo {line}")
    print(f"set-up: {line}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get update -qq", f"{line} -qq"):
        words = [*prefix, *command.split()]
        done = subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:  # of the installation: an update may complain of one source and do
        stop(f"the installation failed; have an administrator run: sudo {line}")


def administrator() -> list[str] | None:
    """Return what to put before a command so that it runs as root, or None where we may not."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    return [sudo, "-n"] if sudo and succeeds(sudo, "-n", "true") else None


def succeeds(*command: str | Path) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run(*command: str | Path) -> None:
    if subprocess.run(command, check=False).returncode:
        stop(f"failed: {' '.join(map(str, command))}")


if __name__ == "__main__":
    main(sys.argv[1])
