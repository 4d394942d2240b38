"""The versions of the agreement: which is in force, which was and which comes, who signed; and what is to be done."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from leaderboard.domain.agreement import SIDES, Agreement
from leaderboard.services.drafting import list_drafts
from leaderboard.services.rules import rule_book
from leaderboard.services.signing import Signature, signatures_under
from leaderboard.storage import agreements, trail

ANNOUNCED = timedelta(days=14)


@dataclass(frozen=True)
class AgreedVersion:
    """A version of the agreement. state: `past`, `in_force` or `to_come`. until: the day on which the next one begins.

    signatures: by side.
    """

    id: int
    agreement: Agreement
    document: str
    digest: str
    loaded_at: datetime
    until: date | None
    state: str
    signatures: dict[str, Signature]

    @property
    def unsigned(self) -> list[str]:
        """The sides that have not signed here."""
        return [side for side in SIDES if side not in self.signatures]


@dataclass(frozen=True)
class News:
    """What managers are told of the agreement. kind: `review` (due on a day), `overdue` (since a day), `to_come` (takes
    effect on a day) or `unsigned` (proposed; sides that have not signed).

    version_id, draft_id: what it is about.
    """

    kind: str
    title: str
    on: date
    version_id: int | None = None
    draft_id: int | None = None
    sides: tuple[str, ...] = ()


def agreed_versions(session: Session, *, now: datetime) -> list[AgreedVersion]:
    """Return all versions, by the day they take effect. Three statements at most."""
    connection = session.connection()
    rows = agreements.versions(connection)
    parsed = {version.id: version for version in rule_book(connection).rules.versions}
    digests = [trail.whole_digest(row.document) for row in rows]
    given = signatures_under(session, *digests)
    days = [row.effective_from for row in rows]
    found = []
    for row, digest, until in zip(rows, digests, [*days[1:], None][: len(days)], strict=True):
        version = parsed[row.id]
        state = "to_come" if now < version.starts_at else "past" if now >= version.ends_at else "in_force"
        version_of = (row.id, version.agreement, row.document, digest, row.loaded_at)
        found.append(AgreedVersion(*version_of, until, state, given[digest]))
    return found


def agreement_in_force(session: Session, *, now: datetime) -> Agreement | None:
    """Return what is agreed now, or else the first that is to come; None before any."""
    version = rule_book(session.connection()).rules.version_now(now)
    return version and version.agreement


def agreement_news(session: Session, *, now: datetime) -> list[News]:
    """Return what is to be told: a review that comes or is overdue, a version to come, proposals to sign.

    A review is announced from 14 days before it on; a version to come takes its place.
    """
    rules = rule_book(session.connection()).rules
    today = now.astimezone(rules.organisation.zone).date()
    coming = [each for each in rules.versions if each.starts_at > now]
    news = [News("to_come", each.agreement.title, each.agreement.effective_from, version_id=each.id) for each in coming]
    in_force = [each for each in rules.versions if each.starts_at <= now][-1:]
    if in_force and not coming:
        news += _review(in_force[0].id, in_force[0].agreement, today)
    proposed = list_drafts(session, "proposed")
    given = signatures_under(session, *(draft.digest for draft in proposed)) if proposed else {}
    for draft in proposed:
        missing = tuple(side for side in SIDES if side not in given[draft.digest])
        effective_from = draft.agreement().effective_from
        news.append(News("unsigned", draft.title, effective_from, draft_id=draft.id, sides=missing))
    return news


def _review(version_id: int, agreement: Agreement, today: date) -> list[News]:
    due = agreement.review_on
    if due is None or today < due - ANNOUNCED:
        return []
    return [News("overdue" if today > due else "review", agreement.title, due, version_id=version_id)]
