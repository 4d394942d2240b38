"""The command `bonuses`: its rows in each form, and what it says of a period that is not closed."""

import json
from datetime import UTC, datetime

import pytest

from tests.services.bonus_examples import bonus
from tests.services.examples import ORGANISATION, PEOPLE, SPEED, agreement, csv_of
from tests.test_cli import House

COLUMNS = "programme,place,participant,team,amount_minor,currency,prize,status,reason,shares"


@pytest.fixture
def house(tmp_path, monkeypatch):
    """October is closed; Ana's ten points won its bonuses."""
    for module in ("cli", "job_commands"):
        monkeypatch.setattr(f"leaderboard.{module}.now", lambda: datetime(2026, 12, 1, 12, tzinfo=UTC))
    house = House(tmp_path, monkeypatch)
    assigned = "e1,2026-10-05T09:00,lead.assigned,L1,ana@example.com"
    events = csv_of(assigned, "e2,2026-10-05T09:10,lead.disposed,L1")
    win, trip = 'places = ["0.03"]', 'prizes = ["A trip"]'
    agreed = agreement(SPEED, bonus("win", win, "team", "month"), bonus("trip", trip, "member", "month"))
    for name, content in {"organisation": ORGANISATION, "people": PEOPLE, "agreement": agreed}.items():
        assert house.run(name, "load", house.file(name, content)).exit_code == 0
    assert house.run("events", "import", house.file("events.csv", events)).exit_code == 0
    assert house.run("close", "2026-10").exit_code == 0
    return house


def test_bonuses_are_printed_in_each_form(house):
    win, trip = json.loads(house.run("bonuses", "--period", "2026-10", "--format", "json").stdout)
    assert list(win) == COLUMNS.split(",")
    assert win == {
        "programme": "win", "place": 1, "participant": "North", "team": "North", "amount_minor": 3, "currency": "BRL",
        "prize": None, "status": "proposed", "reason": None,
        "shares": [
            {"member": "ana@example.com", "name": "Ana", "amount_minor": 2},
            {"member": "bia@example.com", "name": "Bia", "amount_minor": 1},
        ],
    }  # fmt: skip
    assert (trip["participant"], trip["team"], trip["prize"]) == ("ana@example.com", "North", "A trip")
    assert house.run("bonuses", "--period", "2026-10", "--format", "csv").stdout.splitlines() == [
        COLUMNS,
        "win,1,North,North,3,BRL,,proposed,,ana@example.com 0.02; bia@example.com 0.01",
        "trip,1,ana@example.com,North,,BRL,A trip,proposed,,ana@example.com",
    ]
    assert "ana@example.com 0.02; bia@example.com 0.01" in house.run("bonuses", "--period", "2026-10").stdout
    assert house.run("verify").stdout == "Everything agrees with the events.\n"


def test_a_closed_period_without_bonuses_says_why_there_are_none(house):
    assert house.run("close", "2026-11").exit_code == 0
    assert house.run("bonuses", "--period", "2026-11").stdout == (
        "No bonus was won in 2026-11: no agreement with a [[bonus]] for it was in force as it began, "
        "or nobody had points.\n"
    )


def test_p5_an_import_says_how_many_corrections_it_made(house):
    late = csv_of("e3,2026-10-06T09:00,lead.assigned,L2,ana@example.com", "e4,2026-10-06T09:10,lead.disposed,L2")
    assert house.run("events", "import", house.file("late.csv", late)).stdout.splitlines() == [
        "2 rows read: 2 events new, 0 duplicate; 0 rows refused.",
        "1 correction of closed months: the difference counts in the open month after it.",
    ]


def test_bonuses_of_a_period_that_is_not_closed_are_one_sentence_on_stderr(house):
    result = house.run("bonuses", "--period", "2026-Q4", "--format", "json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "2026-Q4 is not closed yet, and bonuses are proposed as it closes; "
        "once it is over, close it with: leaderboard close 2026-Q4.\n"
    )
