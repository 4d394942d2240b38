"""The wheel is whole: built, installed apart from the checkout, migrated, and asked for a page."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from leaderboard.resources import PACKAGE

ROOT = PACKAGE.parent
ASK = """
import leaderboard.wsgi as wsgi, re
client = wsgi.app.test_client()
answer = client.get("/", headers={"Host": "localhost"}, follow_redirects=True)
page = answer.get_data(as_text=True)
sheet = re.search(r'href="(/static/[^"]+[.]css[^"]*)"', page)
print(wsgi.__file__)
print(answer.status_code, answer.mimetype)
print(client.get(sheet[1], headers={"Host": "localhost"}).status_code if sheet else "no style sheet")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(ROOT, sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def site(wheel: Path) -> Path:
    """A folder with the wheel installed; what it depends on comes from the environment of the tests."""
    target = wheel.parent / "site"
    quiet = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    run(wheel.parent, sys.executable, "-m", "pip", "install", *quiet, "--target", str(target), str(wheel))
    return target


@pytest.fixture
def run_installed(site: Path, tmp_path: Path) -> Callable[..., str]:
    """Run Python on the installed wheel, in a working folder that knows no checkout."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "DATABASE_URL": "sqlite:///wheel.db",
        "SECRET_KEY": "0123456789abcdef-a-key-for-tests-only",
    }
    return lambda *arguments: run(tmp_path, sys.executable, *arguments, env=environment)


def run(folder: Path, *command: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = ZipFile(wheel).namelist()
    outside = [name for name in names if not name.startswith(("leaderboard/", "sla_leaderboard-"))]
    assert outside == []
    assert {"leaderboard/config.py", "leaderboard/migrations/env.py"} <= set(names)


def test_the_wheel_holds_every_resource(wheel):
    names = set(ZipFile(wheel).namelist())
    expected = {
        f"leaderboard/{file.relative_to(base).as_posix()}"
        for base, folder in (
            (ROOT, "templates"),
            (ROOT, "static"),
            (ROOT, "migrations"),
            (PACKAGE, "demo"),
            (PACKAGE, "mappings"),
            (PACKAGE, "translations"),
        )
        for file in (base / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert any(name.endswith(".mo") for name in expected)
    assert any(name.startswith("leaderboard/mappings/") for name in expected)
    assert expected <= names


def test_the_installed_wheel_migrates_and_serves_a_page(run_installed, site, tmp_path):
    run_installed("-m", "flask", "--app", "leaderboard.wsgi", "db", "upgrade")
    assert (tmp_path / "instance" / "wheel.db").is_file()
    module, page, sheet = run_installed("-c", ASK).splitlines()
    assert Path(module).is_relative_to(site)
    assert page == "200 text/html"
    assert sheet == "200"


def test_the_installed_wheel_has_the_command(run_installed):
    assert "Usage" in run_installed("-c", "from leaderboard.cli import main; main()", "--help")
