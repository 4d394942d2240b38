"""Reading agreements: what is taken, and what is refused with its place and remedy."""

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.agreement import Completion, Count, EventRate, ResponseTime, SlaRate, Sum
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.errors import AgreementRefused
from leaderboard.domain.toml_table import parse_duration
from tests.domain.examples import properties

SPEED = """
[[sla]]
key = "speed"
title = "Every lead is disposed of in a working day"
side = "sales"
participant = "member"
measure = { kind = "response_time", from = ["lead.assigned"], to = ["lead.disposed"] }
levels = { met = "8h", exceeded = "1h" }
points = { per = "occurrence", met = 5, exceeded = 10 }
"""
HEAD = '[agreement]\ntitle = "Leads"\neffective_from = 2026-10-01\n'
BONUS = '[[bonus]]\nkey = "win"\nperiod = "quarter"\nparticipant = "team"\nplaces = ["1000.00", "500"]\n'


def monthly(measure, levels, per="month"):
    return f"""
[[sla]]
key = "other"
side = "marketing"
participant = "team"
measure = {{ {measure} }}
levels = {{ {levels} }}
points = {{ per = "{per}", met = 100 }}
"""


def refusals(text):
    with pytest.raises(AgreementRefused) as refused:
        parse_agreement(text, "BRL")
    assert str(refused.value) == "\n".join(refused.value.problems)
    return refused.value.problems


def test_an_agreement_is_read():
    agreement = parse_agreement(HEAD + "review_every_months = 3\n[definitions]\nMQL = 'Scored 60.'" + SPEED, "BRL")
    assert (agreement.title, agreement.effective_from, agreement.review_every_months) == ("Leads", date(2026, 10, 1), 3)
    assert str(agreement.first_month) == "2026-10"
    assert agreement.definitions == {"MQL": "Scored 60."}
    (sla,) = agreement.slas
    assert (sla.key, sla.side, sla.participant, sla.is_monthly) == ("speed", "sales", "member", False)
    assert sla.measure == ResponseTime(frozenset({"lead.assigned"}), frozenset({"lead.disposed"}))
    assert (sla.levels.met, sla.levels.exceeded) == (timedelta(hours=8), timedelta(hours=1))
    assert (sla.met_points, sla.exceeded_points) == (5, 10)


def test_c5_c7_c10_a_clock_has_pauses_a_window_and_a_way_of_crediting():
    more = ', pause = ["a.b"], resume = ["a.c"], void_by = ["a.d"], void_within = "2d"'
    more += ', clock = "elapsed", credit = "closer" }'
    measure = parse_agreement(HEAD + SPEED.replace("] }\nlevels", "]" + more + "\nlevels"), "BRL").slas[0].measure
    assert (measure.pause_types, measure.resume_types, measure.void_types) == ({"a.b"}, {"a.c"}, {"a.d"})
    assert (measure.void_within, measure.is_working, measure.credit) == (timedelta(days=2), False, "closer")


def test_c7_c10_unless_said_otherwise_the_window_is_14_days_and_the_owner_is_credited():
    measure = parse_agreement(HEAD + SPEED, "BRL").slas[0].measure
    assert (measure.void_within, measure.is_working, measure.credit) == (timedelta(days=14), True, "owner")


def test_c7_a_window_of_nothing_is_taken_as_such():
    text = HEAD + SPEED.replace('["lead.disposed"] }', '["lead.disposed"], void_within = "0s" }')
    assert parse_agreement(text, "BRL").slas[0].measure.void_within == timedelta(0)


@pytest.mark.parametrize(("remind", "met"), [("1s", "8h"), ("8h", "8h"), ("31d", "40d")])
def test_a_deadline_may_have_a_reminder_of_at_most_its_target(remind, met):
    text = SPEED.replace("8h", met) + f'remind = "{remind}"\n'
    assert parse_agreement(HEAD + text, "BRL").slas[0].remind == parse_duration(remind)


@pytest.mark.parametrize(
    ("remind", "reason"),
    [
        ("0s", 'sla "speed": remind is to be more than 0 and at most 31 days'),
        ("32d", 'sla "speed": remind is to be more than 0 and at most 31 days'),
        ("481m", 'sla "speed": remind is longer than met'),
        ("soon", 'sla "speed": remind: "soon" is not a duration'),
    ],
)
def test_a_reminder_that_could_not_come_before_its_deadline_is_refused(remind, reason):
    (problem,) = refusals(HEAD + SPEED + f'remind = "{remind}"\n')
    assert problem.startswith(reason)
    (problem,) = refusals(HEAD + SPEED + monthly('kind = "count", of = ["a.b"]', "met = 3") + 'remind = "1h"\n')
    assert problem == 'sla "other": remind goes with a deadline, and a count measure has none; remove it.'


@pytest.mark.parametrize(
    ("measure", "levels", "expected", "met"),
    [
        (
            'kind = "count", of = ["lead.qualified"]',
            "met = 120, exceeded = 150",
            Count(frozenset({"lead.qualified"})),
            120,
        ),
        ('kind = "sum", of = ["a.b"]', 'met = "500.50"', Sum(frozenset({"a.b"})), 50050),
        ('kind = "sum", of = ["a.b"]', "met = 500.5", Sum(frozenset({"a.b"})), 50050),
        ('kind = "sum", of = ["a.b"]', "met = 500", Sum(frozenset({"a.b"})), 50000),
        (
            'kind = "rate", of = ["a.b"], in = ["a.c"], at_least = 10',
            "met = 0.95, exceeded = 1",
            EventRate(frozenset({"a.b"}), frozenset({"a.c"}), 10),
            Decimal("0.95"),
        ),
        ('kind = "rate", of_sla = "speed"', "met = 0.95", SlaRate("speed", 1), Decimal("0.95")),
    ],
)
def test_k1_k3_monthly_measures_are_read_exactly(measure, levels, expected, met):
    sla = parse_agreement(HEAD + SPEED + monthly(measure, levels), "BRL").slas[1]
    assert (sla.measure, sla.levels.met, sla.is_monthly) == (expected, met, True)
    assert (sla.title, sla.met_points, sla.exceeded_points) == ("other", 100, 100)


def test_k4_a_completion_is_read():
    text = monthly('kind = "completion"', 'met = "0s", exceeded = "7d"', per="occurrence")
    sla = parse_agreement(HEAD + text, "BRL").slas[0]
    assert (sla.measure, sla.levels.met, sla.levels.exceeded) == (Completion(), timedelta(0), timedelta(days=7))


def test_b1_b2_b3_b5_bonus_programmes_are_read_to_the_minor_unit():
    (cash,) = parse_agreement(HEAD + SPEED + BONUS, "BRL").bonuses
    assert (cash.places, cash.prizes, cash.side, cash.tie, cash.divide) == (
        (100000, 50000),
        (),
        None,
        "split",
        "equally",
    )
    text = BONUS.replace('places = ["1000.00", "500"]', 'prizes = ["A plaque"]\nside = "sales"\ntie = "full"')
    (kind,) = parse_agreement(HEAD + SPEED + text, "BRL").bonuses
    assert (kind.places, kind.prizes, kind.side, kind.tie) == ((), ("A plaque",), "sales", "full")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("30s", 30), ("15m", 900), ("8h", 28800), ("2d", 172800), ("3653d", 3653 * 86400)],
)
def test_durations_are_a_number_and_a_unit(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "8", "8 h", "8H", "-8h", "8.5h", "8h30m", "٨h", "99999999h", "8h\n", None, 8])
def test_what_is_no_duration_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match='such as "8h"'):
        parse_duration(text)


def test_a_duration_beyond_the_known_years_is_refused():
    with pytest.raises(ValueError, match='"3654d" is longer than ten years; write a shorter time'):
        parse_duration("3654d")


REFUSED = [
    # the head
    ('title = "Leads"', "", "agreement: title is missing; expected a text"),
    ('title = "Leads"', 'title = ""', 'agreement: title = ""; expected a text of at most 400 characters'),
    ("2026-10-01", "2026-10-02", "agreement: effective_from = 2026-10-02; expected the first day of a month"),
    (
        "2026-10-01",
        '"2026-10-01"',
        'agreement: effective_from = "2026-10-01"; expected the first day of a month, such as 2026-10-01 without',
    ),
    ("2026-10-01", "2026-10-01T00:00:00Z", "expected the first day of a month, such as 2026-10-01"),
    ("2026-10-01", "0001-01-01", "effective_from = 0001-01-01; expected"),
    ("2026-10-01", "9999-01-01", "effective_from = 9999-01-01; expected"),
    ("[agreement]", "review_every_months = 3\n[agreement]", "the file: review_every_months is not a known key"),
    ("2026-10-01", "2026-10-01\nreview_every_months = 0", "review_every_months = 0; expected a whole number from 1"),
    ("2026-10-01", "2026-10-01\nowner = 'Ana'", "agreement: owner is not a known key; remove it or mend its spelling."),
    ("[[sla]]", "[definitions]\nMQL = 60\n[[sla]]", "definitions: MQL = 60; expected a text."),
    # an SLA
    ('key = "speed"', "", "sla number 1: key is missing"),
    ('key = "speed"', 'key = "Speed to lead"', "expected lower-case letters, digits and hyphens"),
    ('side = "sales"', 'side = "Sales"', 'sla "speed": side = "Sales"; expected "sales" or "marketing".'),
    ('side = "sales"', "", 'sla "speed": side is missing'),
    ('"member"', '"rep"', 'sla "speed": participant = "rep"; expected "member" or "team".'),
    ('side = "sales"', 'side = "sales"\nweight = 2', 'sla "speed": weight is not a known key; remove it'),
    # its measure
    ('"response_time"', '"speed"', 'sla "speed", measure: kind = "speed"; expected "response_time" or'),
    (', to = ["lead.disposed"]', "", 'sla "speed", measure: to is missing; expected a list of event types'),
    ('to = ["lead.disposed"]', "to = []", "to = []; expected a list of event types"),
    ('to = ["lead.disposed"]', 'to = "lead.disposed"', 'to = "lead.disposed"; expected a list of event types'),
    ('to = ["lead.disposed"]', 'to = ["Lead Disposed"]', "expected a list of event types"),
    ('to = ["lead.disposed"]', 'to = ["lead.assigned"]', '"lead.assigned" stands in both from and to; keep it in one.'),
    ('["lead.disposed"] }', '["lead.disposed"], clock = "fast" }', 'clock = "fast"; expected "working" or "elapsed"'),
    ('["lead.disposed"] }', '["lead.disposed"], credit = "all" }', 'credit = "all"; expected "owner" or "closer"'),
    ('["lead.disposed"] }', '["lead.disposed"], void_within = "2w" }', 'void_within: "2w" is not a duration'),
    ('["lead.disposed"] }', '["lead.disposed"], pauses = [] }', 'sla "speed", measure: pauses is not a known key'),
    # its levels
    ('levels = { met = "8h", exceeded = "1h" }', "", 'sla "speed", levels is not a table'),
    ('met = "8h", ', "", 'sla "speed", levels: met is missing; expected a duration such as "8h".'),
    ('"8h"', '"8 hours"', 'met: "8 hours" is not a duration; write a whole number and s, m, h or d'),
    ('"8h"', "8", 'sla "speed", levels: met = 8; expected a duration such as "8h".'),
    ('"1h"', '"9h"', 'sla "speed", levels: exceeded is easier to reach than met; exchange the two'),
    ('"8h"', '"8h", good = "1h"', 'sla "speed", levels: good is not a known key'),
    # its points
    ("met = 5", "met = -5", 'sla "speed", points: met = -5; expected a whole number from 0'),
    ("met = 5", "met = 5.5", "met = 5.5; expected a whole number from 0"),
    ("met = 5", "met = true", "expected a whole number from 0"),
    ("exceeded = 10", "exceeded = 4", "exceeded = 4 earns less than met = 5; give it at least as many."),
    ('per = "occurrence"', 'per = "month"', 'per = "month"; expected "occurrence" for a response_time measure.'),
    ('per = "occurrence"', 'per = "occurrence", bonus = 1', "points: bonus is not a known key"),
]


@pytest.mark.parametrize(("there", "instead", "reason"), REFUSED)
def test_a_mistake_is_refused_with_its_place_and_remedy(there, instead, reason):
    text = HEAD + SPEED
    assert there in text
    assert any(reason in problem for problem in refusals(text.replace(there, instead, 1)))


@pytest.mark.parametrize(
    ("measure", "levels", "reason"),
    [
        ('kind = "count", of = ["a.b"]', "met = 0", "levels: met = 0; expected a whole number from 1"),
        ('kind = "count", of = ["a.b"]', "met = 120.5", "expected a whole number from 1"),
        ('kind = "count", of = ["a.b"]', "met = 120, exceeded = 110", "exceeded is easier to reach than met"),
        ('kind = "count"', "met = 120", "measure: of is missing; expected a list of event types"),
        ('kind = "sum", of = ["a.b"]', 'met = "1.234,50"', "write digits and a decimal point, such as 1234.50"),
        ('kind = "sum", of = ["a.b"]', 'met = "1.005"', "finer than the minor unit of BRL, which has 2"),
        ('kind = "sum", of = ["a.b"]', 'met = "-5"', "expected more than 0."),
        ('kind = "rate", of_sla = "speed"', "met = 95", "met = 95; expected a share from 0 to 1, such as 0.95."),
        ('kind = "rate", of_sla = "speed"', "met = 0", "expected a share from 0 to 1"),
        ('kind = "rate", of_sla = "speed"', "met = nan", "expected a share from 0 to 1"),
        ('kind = "rate", of_sla = "speed"', "met = inf", "expected a share from 0 to 1"),
        (
            'kind = "rate", of_sla = "spede"',
            "met = 0.9",
            'of_sla = "spede" is not a response_time SLA of this agreement; it has "speed".',
        ),
        ('kind = "rate", of_sla = "other"', "met = 0.9", "is not a response_time SLA of this agreement"),
        ('kind = "rate"', "met = 0.9", 'a rate needs of_sla = "key", or of = [...] and in = [...]'),
        ('kind = "rate", of = ["a.b"]', "met = 0.9", "measure: in is missing"),
        ('kind = "rate", of_sla = "speed", at_least = 0', "met = 0.9", "at_least = 0; expected a whole number from 1"),
        ('kind = "completion", of = ["a.b"]', 'met = "0s"', "measure: of is not a known key"),
    ],
)
def test_a_mistake_in_a_monthly_sla_is_refused_with_its_place_and_remedy(measure, levels, reason):
    problems = refusals(HEAD + SPEED + monthly(measure, levels))
    assert any(reason in problem and problem.startswith('sla "other"') for problem in problems)


@pytest.mark.parametrize(
    ("there", "instead", "reason"),
    [
        ('"quarter"', '"year"', 'bonus "win": period = "year"; expected "month" or "quarter".'),
        ('["1000.00", "500"]', '["1000,00"]', 'bonus "win": places: "1000,00" is not an amount; write digits'),
        (
            '["1000.00", "500"]',
            "[1000]",
            'bonus "win": places = [1000]; expected a list of amounts such as ["1000.00"]',
        ),
        ('places = ["1000.00", "500"]', "", 'bonus "win": give either places = ["1000.00"] or prizes'),
        ('places = ["1000.00", "500"]', 'places = ["1"]\nprizes = ["A trip"]', "one of the two"),
        ('["1000.00", "500"]', '["-1"]', 'bonus "win": places: "-1" is no bonus; expected more than 0.'),
        ('["1000.00", "500"]', '["0"]', "expected more than 0."),
        ('key = "win"', "", "bonus number 1: key is missing"),
    ],
)
def test_a_mistake_in_a_bonus_is_refused_with_its_place_and_remedy(there, instead, reason):
    assert there in BONUS
    assert any(reason in problem for problem in refusals(HEAD + SPEED + BONUS.replace(there, instead, 1)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The file has no [[sla]]; write at least one."),
        (HEAD, "The file has no [[sla]]; write at least one."),
        (SPEED, "agreement is not a table; write it as [agreement] with keys below it."),
        (HEAD + SPEED + SPEED, '[[sla]] key = "speed" stands twice; each key must be unique.'),
        (HEAD + SPEED + BONUS + BONUS, '[[bonus]] key = "win" stands twice; each key must be unique.'),
        (HEAD + "[sla]\nkey = 1", "expected tables written as [[sla]]"),
        ("agreement =", "The agreement is not TOML"),
        ("a = " + "[" * 5000, "The agreement is not TOML"),
    ],
)
def test_a_file_of_another_shape_is_refused_with_the_remedy(text, reason):
    assert any(reason in problem for problem in refusals(text))


def test_every_mistake_is_named_at_once():
    text = HEAD.replace("10-01", "10-02") + SPEED.replace('"sales"', '"Sales"').replace('"8h"', '"8"')
    assert len(refusals(text)) == 3


def test_k3_a_members_rate_cannot_rest_on_a_teams_clocks():
    text = HEAD + SPEED.replace('"member"', '"team"') + monthly('kind = "rate", of_sla = "speed"', "met = 0.9")
    assert parse_agreement(text, "BRL").slas[1].participant == "team"
    problems = refusals(
        text.replace('side = "marketing"\nparticipant = "team"', 'side = "sales"\nparticipant = "member"')
    )
    assert any('write participant = "team" here too' in problem for problem in problems)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
).map(lambda value: "{}" if value is None else str(value).lower() if isinstance(value, bool) else repr(value))


@properties
@given(key=st.sampled_from(["title", "side", "participant", "measure", "levels", "points", "key"]), value=values)
def test_whatever_stands_in_an_sla_is_taken_or_refused_in_words(key, value):
    lines = [line for line in SPEED.splitlines() if not line.startswith(f"{key} ")]
    text = HEAD + "\n".join([*lines, f"{key} = {value}"])
    with suppress(AgreementRefused):
        parse_agreement(text, "BRL")
