"""The product against the independent reference (tests/reference), row by row, on random logs."""

import io
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.importing import ImportOptions, import_events
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.reporting import list_attainments, list_standings
from tests.reference import rules
from tests.reference.logs import EVENT_COLUMNS, Log, csv_text, generate

Rows = list[dict[str, Any]]


def load(session: Session, log: Log, batches: int) -> list[str]:
    """Hand the log in as a user would, the events in several files; return the refusals."""
    load_organisation(session, log.organisation, now=log.as_of, by=COMMAND_LINE)
    load_people(session, io.BytesIO(log.people_csv().encode()), now=log.as_of, by=COMMAND_LINE)
    for agreement in log.agreements:
        load_agreement(session, agreement, now=log.as_of, by=COMMAND_LINE)
    refused = []
    size = -(-len(log.events) // batches)
    for start in range(0, len(log.events), size):
        text = csv_text(EVENT_COLUMNS, log.events[start : start + size])
        report = import_events(
            session, io.BytesIO(text.encode()), ImportOptions(source="crm"), now=log.as_of, by=COMMAND_LINE
        )
        refused += [str(refusal) for refusal in report.refusals]
    return refused


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its instants as instants, so that only their meaning is compared."""
    return {
        name: datetime.fromisoformat(value) if name.endswith("_at") and value else value for name, value in row.items()
    }


def ordered(rows: Rows) -> Rows:
    names = ("sla", "subject", "participant", "started_at", "decided_at", "level")
    return sorted(map(comparable, rows), key=lambda row: [str(row[name]) for name in names])


def periods_of(log: Log) -> list[str]:
    organisation = rules.read_organisation(log.organisation)
    first = rules.read_agreement(log.agreements[0]).effective_from
    last = log.as_of.astimezone(organisation.zone).date()
    months = [month.text for month in rules.months_between(first, last, organisation)]
    return months + sorted({f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}" for month in months})


def differences(ours: Rows, theirs: Rows) -> list[str]:
    return [f"only product: {row}" for row in ours if row not in theirs] + [
        f"only reference: {row}" for row in theirs if row not in ours
    ]


@pytest.mark.parametrize("seed", range(16))
def test_the_product_and_its_standings_agree_with_the_reference_row_by_row(session: Session, seed: int) -> None:
    log = generate(seed)
    expected = rules.evaluate(log.organisation, log.agreements, log.people, log.events, log.as_of)
    refused = load(session, log, batches=1 + seed % 4)
    assert len(refused) == len(expected.refused), refused[:3]
    for period in periods_of(log):
        ours = ordered(list(list_attainments(session, period)))
        theirs = ordered([rules.as_json_row(row) for row in rules.attainments_in(expected, period)])
        assert differences(ours, theirs) == []
        assert len(ours) == len(theirs)
    if seed < 8:
        the_standings_agree(session, log, expected)


def the_standings_agree(session: Session, log: Log, expected: rules.Result) -> None:
    for period in periods_of(log):
        for scope in ("member", "team"):
            for side in (None, "sales", "marketing"):
                ours = list_standings(session, period, scope, side)
                theirs = [vars(row) for row in rules.standings_in(expected, period, scope, side)]
                assert differences(ours, theirs) == []
                assert ours == theirs
