"""Where templates, static files, migrations and config.py lie."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """Return the path of a resource: inside the package in a wheel, beside it in a checkout."""
    for folder in (PACKAGE, PACKAGE.parent):
        if (path := folder / name).exists():
            return path
    raise FileNotFoundError(f"{name} lies neither in {PACKAGE} nor beside it: install the package again")
