"""A scheduler that looks again and again, all over the world: each period is closed after its own end and grace."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE, SCHEDULER
from leaderboard.domain.periods import Month, parse_period
from leaderboard.services.closing import close_next
from leaderboard.services.organising import load_organisation
from tests.services.examples import ORGANISATION, WINS, agreement, csv_of, hand_in, set_up

LOOK = timedelta(hours=5)  # so that it looks at every hour of the day


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("zone", "first", "grace"),
    [
        ("Pacific/Tongatapu", Month(2026, 10), 48),  # UTC+13, over the end of the year
        ("Pacific/Pago_Pago", Month(2026, 10), 48),  # UTC-11
        ("America/New_York", Month(2026, 10), 0),  # 1 November has an hour twice
        ("America/Asuncion", Month(2017, 7), 1),  # 1 October begins at one o'clock
        ("Europe/Berlin", Month(2028, 1), 48),  # with 29 February, and the clocks forward in March
        ("Australia/Lord_Howe", Month(2026, 4), 7),  # clocks that go by half an hour, on the first Sunday of April
    ],
)
def test_m1_each_period_is_closed_at_the_first_look_after_its_local_end_and_grace(
    session: Session, zone: str, first: Month, grace: int
) -> None:
    begun = datetime(first.year, first.number, 10, tzinfo=UTC)
    set_up(session, agreement(WINS, effective_from="2017-01-01"), now=begun)
    ours = ORGANISATION.replace("America/Sao_Paulo", zone).replace("[calendar]", f"grace_hours = {grace}\n[calendar]")
    load_organisation(session, ours, now=begun, by=COMMAND_LINE)
    hand_in(session, csv_of(f"w,{first}-09T12:00,opportunity.won,O,ana@example.com"), now=begun)
    looked, closed = begun, {}
    while len(closed) < 4:
        looked += LOOK
        while (each := close_next(session, now=looked, by=SCHEDULER)) is not None:
            closed[each.period] = looked
    months = (first, first.next, first.next.next)
    assert list(closed) == [*map(str, months), str(first.quarter)]
    for period, at in closed.items():
        following = parse_period(period).next.first_day
        ended, before = at - timedelta(hours=grace), at - LOOK - timedelta(hours=grace)
        assert before.astimezone(ZoneInfo(zone)).date() < following <= ended.astimezone(ZoneInfo(zone)).date()
