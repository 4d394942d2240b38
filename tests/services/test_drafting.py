"""Drafting an agreement: kept as TOML that is valid, changed by one at a time, and without any effect on scoring."""

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import AgreementRefused, DraftRefused, Refused
from leaderboard.domain.periods import Month
from leaderboard.services.closing import close_next
from leaderboard.services.drafting import (
    change_draft,
    choosable_months,
    discard_draft,
    list_drafts,
    read_draft,
    start_draft,
)
from leaderboard.services.lines import LONGEST_LINE
from leaderboard.storage.tables import OrganisationRow
from leaderboard.storage.trail_tables import AuditEntry
from tests.services.examples import NOW, SPEED, WINS, agreement, log, set_up, state

DORA = Actor("dora@example.com")
TEXT = agreement(SPEED, WINS, effective_from="2027-01-01")


@pytest.fixture
def draft(session):
    set_up(session)
    return start_draft(session, TEXT, by=DORA, now=NOW)


def entitle(title):
    return lambda tables: tables["agreement"].update(title=title)


def change(session, draft_id, revision=1, edit=None):
    change_draft(session, draft_id, revision, edit or entitle("B"), by=DORA, now=NOW)


def refusal(act, *args, **rest):
    with pytest.raises(DraftRefused) as refused:
        act(*args, **rest)
    return refused.value.because


def test_a_draft_says_what_it_was_started_from_and_has_its_parsed_agreement(session, draft):
    found = read_draft(session, draft)
    assert (found.title, found.document, found.state, found.revision) == ("A", TEXT, "draft", 1)
    assert [sla.key for sla in found.agreement().slas] == ["speed", "wins"]
    assert (found.created_by, found.changed_by, found.created_at, found.version_id) == (DORA.name, DORA.name, NOW, None)
    assert len(found.digest) == 64
    assert read_draft(session, draft + 1) is None


def test_what_is_no_agreement_starts_no_draft(session):
    with pytest.raises(Refused, match="No organisation"):
        start_draft(session, TEXT, by=DORA, now=NOW)
    set_up(session)
    with pytest.raises(AgreementRefused, match="-1h"):
        start_draft(session, TEXT.replace("8h", "-1h"), by=DORA, now=NOW)
    assert list_drafts(session, "draft", "proposed", "withdrawn", "in_force") == []


def test_a_change_is_kept_noted_and_raises_the_revision(session, draft):
    change(session, draft)
    found = read_draft(session, draft)
    assert (found.title, found.agreement().title, found.revision) == ("B", "B", 2)
    rows = session.execute(
        select(AuditEntry.action, AuditEntry.about).where(AuditEntry.about == f"draft {draft}").order_by(AuditEntry.id)
    )
    assert [tuple(row) for row in rows] == [
        ("draft.started", f"draft {draft}"),
        ("draft.changed", f"draft {draft}"),
    ]


def test_what_changes_nothing_leaves_the_revision(session, draft):
    change(session, draft)
    change(session, draft, revision=2)
    assert read_draft(session, draft).revision == 2


def test_of_two_who_change_the_same_revision_the_later_is_refused(session, draft):
    change(session, draft)
    assert refusal(change, session, draft, edit=entitle("C")) == "stale"
    assert not session.in_transaction()
    assert read_draft(session, draft).title == "B"


def test_a_change_that_makes_no_agreement_changes_nothing(session, draft):
    with pytest.raises(AgreementRefused, match="at least one"):
        change(session, draft, edit=lambda tables: tables["sla"].clear())
    assert read_draft(session, draft).revision == 1


def test_what_is_too_large_to_be_a_file_is_no_draft(session, draft):
    long = "x" * LONGEST_LINE
    with pytest.raises(AgreementRefused, match="larger than 1,048,576 bytes"):
        change(session, draft, edit=lambda tables: tables["definitions"].update(MQL=long))
    with pytest.raises(AgreementRefused, match="larger than 1,048,576 bytes"):
        start_draft(session, f"# {long}\n{TEXT}", by=DORA, now=NOW)


def test_a_discarded_draft_is_kept_and_changes_no_more(session, draft):
    assert refusal(discard_draft, session, draft, 2, by=DORA, now=NOW) == "stale"
    discard_draft(session, draft, 1, by=DORA, now=NOW)
    assert refusal(change, session, draft, revision=2) == "settled"
    assert refusal(discard_draft, session, draft, 2, by=DORA, now=NOW) == "settled"
    assert [each.id for each in list_drafts(session, "withdrawn")] == [draft]
    assert refusal(change, session, draft + 1) == "gone"


def test_nothing_that_is_drafted_touches_what_is_scored(session, draft):
    log(session, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana")
    versions = select(OrganisationRow.rules_version, OrganisationRow.scores_version)
    before = state(session), session.execute(versions).one()
    change(session, draft)
    discard_draft(session, draft, 2, by=DORA, now=NOW)
    assert (state(session), session.execute(versions).one()) == before


def test_a_version_may_begin_with_any_month_that_is_not_closed(session):
    set_up(session, agreement(SPEED, effective_from="2026-09-01"))
    months = choosable_months(session, now=NOW)
    assert (months[0], months[-1], len(months)) == (Month(2025, 12), Month(2027, 12), 25)
    log(session, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana")
    while close_next(session, now=NOW, by=DORA) is not None:
        pass
    months = choosable_months(session, now=NOW)
    assert (months[0], months[-1]) == (Month(2026, 12), Month(2027, 12))
