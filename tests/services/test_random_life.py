"""Random lives of a small organisation: whatever happens, in whatever order, what must hold holds after each step."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from leaderboard.domain.periods import parse_period
from leaderboard.settings import database_url
from tests.services.life import live, steps_of

STEPS = 25


@pytest.mark.parametrize(("kind", "seed"), [*(("sqlite", seed) for seed in range(3)), ("postgresql", 4)])
def test_whatever_happens_closed_periods_stay_and_the_sums_agree(
    databases: Callable[[str], Any], kind: str, seed: int
) -> None:
    """M1-M3, P2, P5, S4, B3, B4, G2; a seed that fails is told with its steps, `shortest` makes it small."""
    with databases(kind).fresh() as address:
        engine = create_engine(database_url(address))
        try:
            with Session(engine, expire_on_commit=False) as session:
                life = live(session, seed, steps_of(seed, STEPS))
        finally:
            engine.dispose()
        assert {"month", "quarter"} <= {parse_period(key).kind for key in life.held.frozen}
