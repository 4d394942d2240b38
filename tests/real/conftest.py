"""Real data sets, which are not part of the repository: REAL_DATA names the folder that holds them.

Without it these tests are not collected.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from leaderboard.services.reporting import list_attainments, list_standings
from tests.apps import engine_of
from tests.conftest import SETTINGS
from tests.documents import DOCS, blocks

DATA = os.environ.get("REAL_DATA", "")
collect_ignore_glob = [] if DATA else ["test_*.py"]


class Example:
    """One of the documented examples, run by the lines of its README on real data."""

    def __init__(self, name: str, printed: str, session: Session) -> None:
        self.data, self.printed, self.session = _data(name), printed, session

    def attainments(self, *periods: str, sla: str | None = None) -> list[dict[str, Any]]:
        """Return the rows of `leaderboard attainments` for some periods."""
        return [row for period in periods for row in list_attainments(self.session, period, sla)]

    def standings(self, period: str, scope: str) -> list[dict[str, Any]]:
        """Return the rows of `leaderboard standings`."""
        return list_standings(self.session, period, scope)


def _data(name: str) -> Path:
    return Path(DATA).resolve() / name


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory, shell: Callable[..., str]) -> Callable[[str], Any]:
    """`examples(name)` runs an example, once: the database that it makes, and what it prints."""
    folder = tmp_path_factory.mktemp("examples")

    @cache
    def made(name: str) -> tuple[Path, str]:
        shutil.copytree(DOCS / "examples" / name, folder / name)
        database = folder / f"{name}.db"
        settings = {"SECRET_KEY": SETTINGS["SECRET_KEY"], "DATA": str(_data(name))}
        lines = "\n".join(blocks(folder / name / "README.md", "sh"))
        return database, shell(lines, folder / name, DATABASE_URL=f"sqlite:///{database}", **settings)

    return made


@pytest.fixture(scope="session")
def example(examples: Callable[[str], Any], databases: Callable[[str], Any]) -> Callable[[str], Any]:
    """`with example(name) as run:` gives a documented example that has been run, in a database of its own."""

    @contextmanager
    def running(name: str) -> Iterator[Example]:
        made, printed = examples(name)
        with databases("sqlite").fresh() as address:
            shutil.copyfile(made, address.removeprefix("sqlite:///"))
            engine = engine_of(address)
            with Session(engine) as session:
                yield Example(name, printed, session)
            engine.dispose()

    return running


@pytest.fixture(scope="session")
def expected() -> Callable[[str], Any]:
    """`expected(name)` gives the figures that independent scripts computed."""
    return lambda name: json.loads((Path(DATA) / "expected" / f"{name}.json").read_text(encoding="utf-8"))
