"""The demo accounts' first passwords, kept where only this user can read them, so that a second run can show them."""

import os
from collections.abc import Iterable
from pathlib import Path

from leaderboard.services.demo_accounts import DemoAccount
from leaderboard.settings import instance_folder


def _path() -> Path:
    return instance_folder() / "demo-accounts.txt"


def keep_passwords(accounts: Iterable[DemoAccount]) -> None:
    """Write the accounts into the instance folder, over those of an earlier demo."""
    path = _path()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)  # an older file may be open to others
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"  {each.email:<20} {each.role:<8} {each.password}\n" for each in accounts)


def kept_passwords() -> str:
    """Return what to tell of the demo accounts: each with its first password, or that they are not kept."""
    path = _path()
    if not path.is_file():
        return f"The demo accounts' first passwords are not kept in {path}; add an account with: leaderboard user add."
    return f"Sign in as one of these ({path} keeps them):\n{path.read_text(encoding='utf-8').rstrip()}"
