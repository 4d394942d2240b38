"""Real data sets, which are not part of the repository: REAL_DATA names the folder that holds them.

Without it these tests are not collected.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from leaderboard.app import create_app
from leaderboard.services.reporting import list_attainments, list_standings
from leaderboard.storage.database import db
from tests.conftest import SETTINGS
from tests.documents import DOCS, blocks, run

DATA = os.environ.get("REAL_DATA", "")
collect_ignore_glob = [] if DATA else ["test_*.py"]


class Example:
    """One of the documented examples, run by the lines of its README on real data, in a database of its own."""

    def __init__(self, name: str, folder: Path, session: Session, database_url: str) -> None:
        self.data = Path(DATA).resolve() / name
        self.session = session
        settings = {"DATABASE_URL": database_url, "SECRET_KEY": SETTINGS["SECRET_KEY"], "DATA": str(self.data)}
        self.printed = run("\n".join(blocks(folder / "README.md", "sh")), folder, **settings)

    def attainments(self, *periods: str, sla: str | None = None) -> list[dict[str, Any]]:
        """Return the rows of `leaderboard attainments` for some periods."""
        return [row for period in periods for row in list_attainments(self.session, period, sla)]

    def standings(self, period: str, scope: str) -> list[dict[str, Any]]:
        """Return the rows of `leaderboard standings`."""
        return list_standings(self.session, period, scope)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory, databases: Callable[[str], Any]) -> Callable[[str], Any]:
    """`with example(name) as run:` gives a documented example that has been run."""

    @contextmanager
    def running(name: str) -> Iterator[Example]:
        folder = tmp_path_factory.mktemp(name) / name
        shutil.copytree(DOCS / "examples" / name, folder)
        with databases("sqlite").fresh() as address:
            app = create_app({**SETTINGS, "DATABASE_URL": address})
            with app.app_context(), Session(db.engine) as session:
                yield Example(name, folder, session, address)
            with app.app_context():
                db.engine.dispose()

    return running


@pytest.fixture(scope="session")
def expected() -> Callable[[str], Any]:
    """`expected(name)` gives the figures that independent scripts computed."""
    return lambda name: json.loads((Path(DATA) / "expected" / f"{name}.json").read_text(encoding="utf-8"))
