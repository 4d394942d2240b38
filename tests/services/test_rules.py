"""The rules in force are read once for each of their versions, and never from what was not committed."""

import io

import pytest

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import Refused
from leaderboard.services import rules
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.rules import rule_book
from tests.factories import opened, people_file
from tests.services.examples import NOW, ORGANISATION, SPEED, WINS, agreement, csv_of, hand_in, log, set_up


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED))
    log(session, "10-05 09:00 lead.received -")
    return session


def book_of(session):
    session.rollback()
    return rule_book(session.connection())


def test_they_are_kept_while_nothing_changes(aurora, query_counter):
    first = book_of(aurora)
    log(aurora, "10-06 09:00 lead.assigned ana")
    aurora.rollback()
    with query_counter() as statements:
        assert rule_book(aurora.connection()) is first
    assert len(statements) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda session: load_organisation(
            session, ORGANISATION.replace("Aurora", "Borealis"), now=NOW, by=COMMAND_LINE
        ),
        lambda session: load_people(
            session, io.BytesIO(people_file(["z@x.org,Z,East,sales,2026-01-01,,,"])), now=NOW, by=COMMAND_LINE
        ),
        lambda session: load_agreement(session, agreement(WINS), now=NOW, by=COMMAND_LINE),
        lambda session: hand_in(session, csv_of("x,2026-10-06,a.b,L1,sdr-1"), create_members="sales"),
        lambda session: log(session, "11-05 09:00 lead.received -"),  # a month is opened
    ],
    ids=["organisation", "people", "agreement", "created", "month"],
)
def test_whatever_changes_them_is_seen_by_every_process(aurora, database_url, change):
    before = book_of(aurora)
    with opened(database_url) as other:  # another engine, as in another process
        theirs = book_of(other)
        assert theirs.version == before.version
        change(aurora)
        assert book_of(aurora).version > before.version
        assert book_of(other).version == book_of(aurora).version
        assert book_of(other).opened == book_of(aurora).opened
        assert book_of(other).members == book_of(aurora).members


def test_a_change_that_is_rolled_back_is_never_kept(aurora, monkeypatch):
    before = book_of(aurora)

    def fail(*_arguments, **_named):
        raise OSError("the disk is full")

    monkeypatch.setattr(type(aurora), "commit", fail)
    with pytest.raises(OSError, match="the disk is full"):
        load_agreement(aurora, agreement(WINS), now=NOW, by=COMMAND_LINE)
    monkeypatch.undo()
    assert book_of(aurora) is before
    load_agreement(aurora, agreement(WINS), now=NOW, by=COMMAND_LINE)
    assert [sla.key for sla in book_of(aurora).rules.versions[0].agreement.slas] == ["wins"]


def test_a_dry_run_changes_no_rules(aurora):
    before = book_of(aurora)
    hand_in(aurora, csv_of("x,2026-12-06,a.b,L1,sdr-1"), create_members="sales", is_dry_run=True)
    assert book_of(aurora) is before


def test_without_an_organisation_there_are_none(session):
    with pytest.raises(Refused, match=rules.NO_ORGANISATION):
        rule_book(session.connection())
