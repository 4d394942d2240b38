"""Making somebody who has left anonymous: who they were is forgotten, and no total changes."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.anonymous import fingerprint, neutral_email, neutral_key, neutral_name
from leaderboard.domain.errors import PersonRefused
from leaderboard.domain.people import Membership
from leaderboard.domain.periods import Month
from leaderboard.services.accounts import token_key
from leaderboard.services.administrators import one_stays
from leaderboard.services.identities import keep_out
from leaderboard.services.people_editing import open_periods
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.storage import (
    account_lists,
    accounts,
    displays,
    mails,
    mentions,
    people,
    people_changes,
    personal_data,
    tokens,
    trail,
)
from leaderboard.storage.database import all_or_nothing, lock_door

NO_PASSWORD = "none"  # no hash: nobody signs in with it
RENAMES = ("person.changed", "user.renamed")  # what the audit trail calls it when somebody gets another e-mail


def check_can_be_anonymised(session: Session, member_id: int, *, now: datetime) -> None:
    """Raise PersonRefused where somebody cannot be made anonymous, as `anonymise` does."""
    connection = session.connection()
    _check(connection, rule_book(connection), member_id, now)


def anonymise(session: Session, member_id: int, *, now: datetime, by: Actor) -> None:
    """Forget who a member was. Their points, results and memberships stay; closed periods keep their digests.

    Name, e-mail and ids become neutral, accounts are closed for good, sessions and tokens end. Of what they were known
    by a SHA-256 stays, so that no file takes them up again. What can never be changed, as the database sees to, keeps
    what it says; pages show the neutral name in its place. There is no way back.
    Raises PersonRefused: `missing`, `anonymous` (already), `own`, `still-there` (in a team today or later), `quarter`
    (the last one they belonged in is not closed), `unpaid` (a bonus of theirs is not settled).
    """
    if by.member_id == member_id:
        raise PersonRefused("own", "Nobody makes themselves anonymous; ask another administrator.")
    with all_or_nothing(session):
        connection = session.connection()
        book = rule_book(connection)
        _check(connection, book, member_id, now)
        lock_door(connection)  # before drafts and accounts are written: who changes one holds it first too
        theirs = account_lists.accounts_of(connection, [member_id])
        emails = [found.email for found in theirs]
        known, earlier = _forget_ids(connection, member_id, emails)
        name = neutral_name(member_id, book.rules.organisation.language)
        key = neutral_key(member_id)
        people_changes.change_member(connection, member_id, key=key, email=None, name=name, anonymised_at=now)
        people_changes.rename(connection, "member", member_id, name, open_periods(book))
        displays.set_choice(connection, member_id, is_hidden=True, nickname=None, is_page_hidden=True)
        personal_data.rename_actor(connection, [*emails, *earlier], name)
        personal_data.rename_in_runs(connection, member_id, name)
        mentions.forget(connection, sorted(known))
        tokens.forget_answers(connection, now)  # to programs; they may quote what was sent
        displays.raise_screens_version(connection)
        people.raise_rules_version(connection)
        with one_stays(connection):
            for each in theirs:
                _close_account(connection, each.id, each.email)
        trail.note(connection, by, "person.anonymised", f"member {key}", at=now)


def _check(connection: Connection, book: RuleBook, member_id: int, now: datetime) -> None:
    found = people.member(connection, member_id)
    if found is None:
        raise PersonRefused("missing", "There is no such person; look at the list again.")
    if found.anonymised_at is not None:
        raise PersonRefused("anonymous", "They were made anonymous already.")
    memberships = book.rules.membership.by_member.get(member_id, [])
    today = now.astimezone(book.rules.organisation.zone).date()
    last = _last_day(memberships)
    if memberships and (last is None or last >= today):
        raise PersonRefused("still-there", "They belong to a team, today or later; end their membership first.")
    if last is not None and _is_open(book, last):
        quarter = Month(last.year, last.month).quarter
        raise PersonRefused(
            "quarter", f"{quarter}, in which they belonged to a team, is not closed; wait until it is.", at=last
        )
    if personal_data.has_unsettled_award(connection, member_id):
        raise PersonRefused("unpaid", "A bonus of theirs is neither paid nor declined; settle it first.")


def _last_day(memberships: Iterable[Membership]) -> date | None:
    """Return the last day on which somebody belongs to a team; None for no end, and for no membership."""
    ends = [each.until for each in memberships]
    known = [end for end in ends if end is not None]
    return max(known) - timedelta(days=1) if known and len(known) == len(ends) else None


def _is_open(book: RuleBook, day: date) -> bool:
    """Tell whether the quarter of a day is still to be closed: its bonus may be theirs."""
    quarter = Month(day.year, day.month).quarter
    return book.line is not None and book.line.holds(quarter) and quarter.key not in book.closed


def _forget_ids(connection: Connection, member_id: int, emails: Sequence[str]) -> tuple[set[str], list[str]]:
    """Take away by what a member was known, keep the fingerprints; return all that, and earlier e-mails of it."""
    found = people.member(connection, member_id)
    ids = people_changes.ids_of(connection, member_id)
    known = {found.key, found.email or found.key, *ids, *emails}
    earlier = _earlier_emails(connection, known)
    for each in ids:
        people_changes.forget_id(connection, each)
    for each in sorted(map(fingerprint, {*known, *earlier})):
        people_changes.add_id(connection, each, member_id)
    return {*known, *earlier}, earlier


def _earlier_emails(connection: Connection, known: Iterable[str]) -> list[str]:
    """Return the e-mails that somebody had before, by the audit trail, but for those that are somebody else's now."""
    theirs = set(known)
    for entry in reversed(list(trail.entries_of(connection, RENAMES))):
        if entry.about.partition(" ")[2] in theirs and entry.before:
            theirs.add(entry.before.rpartition(", ")[2])  # of a person: name, e-mail
    return [each for each in sorted(theirs.difference(known)) if "@" in each and _names_nobody(connection, each)]


def _names_nobody(connection: Connection, email: str) -> bool:
    is_taken = people_changes.member_known_as(connection, email) or accounts.account_with(connection, email)
    return not is_taken and not people_changes.was_anonymised(connection, email)


def _close_account(connection: Connection, user_id: int, email: str) -> None:
    account_lists.change_account(
        connection,
        user_id,
        email=neutral_email(user_id),
        password_hash=NO_PASSWORD,
        is_active=0,
        language=None,
    )
    accounts.end_sessions(connection, user_id)
    accounts.forget_attempts(connection, token_key(email))
    accounts.give_teams(connection, user_id, None, ())
    account_lists.forget_tokens(connection, user_id)
    mails.forget_of(connection, user_id)
    keep_out(connection, user_id)
