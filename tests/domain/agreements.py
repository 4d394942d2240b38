"""Agreements of every shape that there can be, for tests by properties."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from leaderboard.domain.agreement import (
    SIDES,
    Agreement,
    BonusProgramme,
    Completion,
    Count,
    EventRate,
    Levels,
    ResponseTime,
    Sla,
    SlaRate,
    Sum,
)
from leaderboard.domain.agreement_file import LONGEST_REMIND

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=each) for each in (1, 60, 3_600, 86_400))
KEYS = st.from_regex(r"[a-z0-9]{1,8}([-_.][a-z0-9]{1,4}){0,2}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40).filter(str.strip)
TYPES = st.sampled_from(
    ["lead.assigned", "lead.disposed", "lead.paused", "a.b", "x_1.y-2.z", "task.done", "o.p", "q.r"]
)
PARTICIPANTS = st.sampled_from(["member", "team"])
DURATIONS = st.builds(
    lambda number, unit: number * unit, st.integers(0, 5_000), st.sampled_from([SECOND, MINUTE, HOUR])
) | st.integers(0, 3_653).map(lambda days: days * DAY)
SHARES = st.decimals(Decimal("0.001"), 1, places=3) | st.sampled_from([Decimal(1), Decimal("1e-9")])


@st.composite
def response_times(draw):
    """Yield clocks in which no event type plays two parts."""
    types = draw(st.lists(TYPES, min_size=2, max_size=6, unique=True))
    parts = [[types[0]], [types[1]], [], [], []]
    for each in types[2:]:
        parts[draw(st.integers(0, 4))].append(each)
    return ResponseTime(
        *map(frozenset, parts), draw(DURATIONS), draw(st.booleans()), draw(st.sampled_from(["owner", "closer"]))
    )


def measures(clocks):
    """Return measures of every kind. clocks: the keys of response-time SLAs that a rate can be of."""
    types = st.frozensets(TYPES, min_size=1, max_size=3)
    found = response_times() | types.map(Count) | types.map(Sum) | st.just(Completion())
    found |= st.builds(EventRate, types, types, st.integers(1, 50))
    return found | st.builds(SlaRate, st.sampled_from(clocks), st.integers(1, 50)) if clocks else found


@st.composite
def slas(draw, key, measure, participant):
    """Yield a promise with this key and measure."""
    targets = {"count": st.integers(1, 10**9), "sum": st.integers(1, 10**15), "rate": SHARES}
    met, exceeded = sorted(draw(st.tuples(*[targets.get(measure.kind, DURATIONS)] * 2)))
    if measure.kind == "response_time":
        met, exceeded = exceeded, met
    levels = Levels(met, draw(st.sampled_from([exceeded, None])))
    points = sorted(draw(st.tuples(*[st.integers(0, 1_000_000)] * 2)))
    remind = None
    if measure.kind == "completion" or (measure.kind == "response_time" and met):
        longest = LONGEST_REMIND if measure.kind == "completion" else min(met, LONGEST_REMIND)
        remind = draw(st.none() | st.integers(1, longest // SECOND).map(lambda seconds: seconds * SECOND))
    return Sla(key, draw(TEXTS), draw(st.sampled_from(SIDES)), participant, measure, levels, *points, remind)


@st.composite
def bonuses(draw, key):
    """Yield a bonus programme with this key."""
    amounts = draw(st.booleans())
    places = draw(st.lists(st.integers(1, 10**15), min_size=1, max_size=3)) if amounts else []
    prizes = [] if amounts else draw(st.lists(TEXTS, min_size=1, max_size=3))
    period, participant = draw(st.sampled_from(["month", "quarter"])), draw(PARTICIPANTS)
    side, tie = draw(st.sampled_from([*SIDES, None])), draw(st.sampled_from(["split", "full"]))
    divide = draw(st.sampled_from(["equally", "by_points"]))
    return BonusProgramme(key, period, participant, tuple(places), tuple(prizes), side, tie, divide)


@st.composite
def agreements(draw):
    """Yield whole agreements."""
    keys = draw(st.lists(KEYS, min_size=1, max_size=4, unique=True))
    promises, clocks = [], []
    for key in keys:
        measure = draw(measures(clocks))
        participant = "member" if measure.kind == "response_time" else draw(PARTICIPANTS)
        promises.append(draw(slas(key, measure, participant)))
        clocks += [key] if measure.kind == "response_time" else []
    programmes = [draw(bonuses(key)) for key in draw(st.lists(KEYS, max_size=3, unique=True))]
    return Agreement(
        draw(TEXTS),
        date(draw(st.integers(1970, 2199)), draw(st.integers(1, 12)), 1),
        draw(st.integers(1, 120) | st.none()),
        draw(st.dictionaries(TEXTS, TEXTS, max_size=3)),
        tuple(promises),
        tuple(programmes),
    )
