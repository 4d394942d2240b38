"""`leaderboard demo`: prints what was made, and keeps the first passwords for this user alone."""

import stat
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from leaderboard.cli import main
from leaderboard.services import demo


@pytest.fixture
def run_demo(tmp_path, monkeypatch):
    """`run_demo()` runs the command, with few leads, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("leaderboard.cli.create_demo", partial(demo.create_demo, leads=50))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/demo.db")
    return lambda: CliRunner().invoke(main, ["demo"])


def passwords(result: Result) -> dict[str, str]:
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines() if "@demo.example" in line]
    return {email: password for email, _role, password in lines}


def test_a_second_run_prints_the_same_accounts(run_demo):
    first = passwords(run_demo())
    assert set(first) == {f"{key}@demo.example" for key in ("ana", "bia", "caio", "dora", "renata", "enzo")}
    assert passwords(run_demo()) == first


def test_6_3_2_passwords_are_kept_for_this_user_alone(run_demo):
    kept = Path("instance/demo-accounts.txt")
    kept.parent.mkdir()
    kept.write_text("from an older demo", encoding="utf-8")
    kept.chmod(0o644)
    found = passwords(run_demo())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert all(password in kept.read_text(encoding="utf-8") for password in found.values())


def test_a_run_without_the_kept_file_says_what_to_do(run_demo):
    run_demo()
    Path("instance/demo-accounts.txt").unlink()
    result = run_demo()
    assert passwords(result) == {}
    assert "leaderboard user add" in result.stdout
