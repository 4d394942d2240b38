"""Trying out a draft over a large quarter: how long it takes until all is shown."""

from datetime import UTC, datetime
from statistics import median

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.data import AGREEMENT, NOW
from benchmarks.databases import Fresh, application, engine_of, load_ground
from benchmarks.growth import fill
from benchmarks.measuring import Result, in_words, seconds
from leaderboard.domain.actors import SCHEDULER
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.services.closing import close_period
from leaderboard.services.trying import closed_quarters, try_out

QUARTER, CLOSED_AT = f"{NOW.year}-Q{(NOW.month + 2) // 3}", datetime(2026, 10, 5, tzinfo=UTC)
DRAFT = AGREEMENT.replace('met = "8h", exceeded = "1h"', 'met = "4h", exceeded = "20m"')


def measure(fresh: Fresh, clocks: int, rounds: int) -> list[Result]:
    """Try a draft with other targets out over a closed quarter of so many clocks, again and again."""
    engine = engine_of(application(fresh()))
    load_ground(engine)
    fill(engine, clocks)
    with Session(engine) as session:
        close_period(session, QUARTER, now=CLOSED_AT, by=SCHEDULER)
    times = sorted(seconds(lambda: _try_out(engine)) for _ in range(rounds))
    note = f"{rounds} times: from {in_words(times[0])} to {in_words(times[-1])}"
    return [Result(f"trying a draft out over a quarter of {clocks:,} clocks", 3, median(times), " s", note=note)]


def _try_out(engine: Engine) -> None:
    with Session(engine) as session:
        found = try_out(session, parse_agreement(DRAFT, "BRL"), closed_quarters(session)[:1])
    assert any(each.more for each in found.quarters[0].members), "other targets should have given other points"
