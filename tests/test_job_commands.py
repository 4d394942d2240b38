"""The commands of the jobs: what is listed, what is told, and exit codes."""

import json
from datetime import UTC, datetime

import pytest

from leaderboard.services import jobs
from tests.services.examples import HEADER, ORGANISATION, PEOPLE, SPEED, agreement
from tests.test_cli import House

COLUMNS = "job,looked_at,took_seconds,looked_by,did_at,did,failed_at,failure,times,is_failing,next_at,next"


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr("leaderboard.job_commands.now", lambda: datetime(2026, 12, 1, 12, tzinfo=UTC))
    return House(tmp_path, monkeypatch)


@pytest.fixture
def aurora(house):
    """Ana was assigned a lead in October."""
    event = f"{HEADER}\ne1,2026-10-05T09:00,lead.assigned,L1,ana@example.com,,,,,\n"
    files = {"organisation": ORGANISATION, "people": PEOPLE, "agreement": agreement(SPEED)}
    for name, content in files.items():
        assert house.run(name, "load", house.file(name, content)).exit_code == 0
    assert house.run("events", "import", house.file("events.csv", event)).exit_code == 0
    return house


def test_jobs_are_listed_with_what_ran_what_failed_and_what_comes_next(aurora, monkeypatch):
    def fail(_task):
        raise RuntimeError("a broken rule")
        yield

    assert aurora.run("close", "2026-10").exit_code == 0
    monkeypatch.setitem(jobs.JOBS, "score", fail)
    assert aurora.run("jobs", "run", "score").exit_code == 1
    score, close, clean_up, readiness, *_ = json.loads(aurora.run("jobs", "--format", "json").stdout)
    assert list(score) == COLUMNS.split(",")
    assert (score["job"], score["failure"], score["times"]) == ("score", "RuntimeError: a broken rule", 1)
    assert (score["is_failing"], score["looked_at"]) == (True, None)
    assert (close["next"], close["next_at"]) == ("2026-11", "2026-12-03T03:00:00Z")
    assert (clean_up["next_at"], readiness["next_at"]) == ("2026-12-02T06:30:00Z", "2026-12-02T07:00:00Z")
    assert aurora.run("jobs", "--format", "csv").stdout.split("\n")[0] == COLUMNS
    table = aurora.run("jobs").stdout
    assert "2026-12-03T03:00:00Z  2026-11\n" in table
    assert table.endswith("No scheduler has looked lately; leaderboard serve and leaderboard scheduler each run one.\n")


def test_a_job_that_is_run_says_what_it_did_or_that_there_was_nothing_to_do(aurora):
    first = aurora.run("jobs", "run", "close")
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout == "2026-10 closed.\n"
    again = aurora.run("jobs", "run", "close")
    assert (again.exit_code, again.stdout) == (0, "There was nothing to do.\n")
    looked = aurora.run("jobs", "run", "readiness")
    assert (looked.exit_code, looked.stdout.startswith("events looked at: 1; to mend first: ")) == (0, True)


def test_a_job_that_fails_is_1_with_one_sentence(aurora, monkeypatch):
    monkeypatch.setattr(jobs, "close_next", lambda *_args, **_named: 1 // 0)
    result = aurora.run("jobs", "run", "close")
    assert (result.exit_code, result.stdout) == (1, "")
    told = "2026-10 is not closed: ZeroDivisionError: integer division or modulo by zero"
    assert result.stderr == f"The job close failed, and what it had begun is undone: {told}. It can be run again.\n"


def test_an_unknown_job_is_wrong_usage(aurora):
    result = aurora.run("jobs", "run", "backup")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'backup' is not one of 'score', 'close', 'clean-up'" in result.stderr


def test_m3_a_period_is_closed_once_and_then_said_to_be(aurora):
    first = aurora.run("close", "2026-10")
    assert (first.exit_code, first.stderr, first.stdout) == (0, "", "2026-10 closed.\n")
    again = aurora.run("close", "2026-10")
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr == (
        "2026-10 is already closed (2026-12-01 09:00, by the command line); "
        "later differences go to 2026-11 as corrections.\n"
    )


@pytest.mark.parametrize(
    ("period", "sentence"),
    [
        ("2026-12", "2026-12 ends on 2027-01-01 at 00:00; it can be closed from then on."),
        ("2026-13", '"2026-13" is not a period; give a month such as 2026-10 or a quarter such as 2026-Q4.'),
    ],
)
def test_m1_what_cannot_be_closed_yet_is_refused(aurora, period, sentence):
    result = aurora.run("close", period)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"{sentence}\n")


def test_without_an_organisation_there_is_nothing_to_close(house):
    result = house.run("close", "2026-10")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "leaderboard organisation load FILE" in result.stderr
    assert house.run("jobs").exit_code == 0
