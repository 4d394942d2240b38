"""What a member chose to show: on displays on walls not at all or under a nickname, and to colleagues."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.displays import LONGEST_NICKNAME
from leaderboard.domain.errors import DisplayRefused, Refused
from leaderboard.domain.shown import TURNING, has_controls, quoted
from leaderboard.services.rules import rule_book
from leaderboard.storage import displays, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing


@dataclass(frozen=True)
class Choice:
    """What a member chose. nickname: None for none. As it stands here: nobody has chosen anything.

    is_hidden: on no display; is_page_hidden: colleagues see no more on the member's page than the board says.
    """

    is_hidden: bool = False
    nickname: str | None = None
    is_page_hidden: bool = False


def choice_of(session: Session, member_id: int) -> Choice:
    """Return what a member chose."""
    return _choice(session.connection(), member_id)


def choose(
    session: Session,
    member_id: int,
    *,
    is_hidden: bool,
    nickname: str,
    is_page_hidden: bool = False,
    now: datetime,
    by: Actor,
) -> Choice:
    """Store what a member chose, from the next moment on everywhere, and return it; nickname: "" for none.

    Raises Refused if there is no such member, and DisplayRefused `nickname` for one that is too long or not on one
    line, `taken` for one by which another member is known.
    """
    nickname = " ".join(nickname.split())
    if len(nickname) > LONGEST_NICKNAME or has_controls(nickname) or TURNING & set(nickname):
        raise DisplayRefused("nickname", f"A nickname takes at most {LONGEST_NICKNAME} characters; shorten it.")
    chosen = Choice(is_hidden, nickname or None, is_page_hidden)
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        members = rule_book(connection).members
        if member_id not in members:
            raise Refused("There is no such member; load people first.")
        before = _choice(connection, member_id)
        if before == chosen:
            return chosen
        _check_own(connection, members, member_id, nickname)
        displays.set_choice(
            connection, member_id, is_hidden=is_hidden, nickname=chosen.nickname, is_page_hidden=is_page_hidden
        )
        about = f"member {members[member_id][0]}"
        trail.note(connection, by, "member.display_choice", about, at=now, before=_told(before), after=_told(chosen))
        displays.raise_screens_version(connection)
    return chosen


def _check_own(connection: Connection, members: dict[int, tuple[str, str]], member_id: int, nickname: str) -> None:
    """Refuse a nickname under which people would take somebody for somebody else."""
    others = {name for each, (_, name) in members.items() if each != member_id}
    others |= {row.nickname or "" for row in displays.all_choices(connection) if row.member_id != member_id}
    if nickname and nickname.casefold() in map(str.casefold, others):
        raise DisplayRefused("taken", f"Somebody else is known as {quoted(nickname)}; choose another nickname.")


def _choice(connection: Connection, member_id: int) -> Choice:
    row = displays.choice(connection, member_id)
    return Choice() if row is None else Choice(bool(row.is_hidden), row.nickname, bool(row.is_page_hidden))


def _told(choice: Choice) -> str:
    nickname = f"nickname {choice.nickname}" if choice.nickname else "no nickname"
    page = "; page for the board's figures only" if choice.is_page_hidden else ""
    return f"{'not shown' if choice.is_hidden else 'shown'}; {nickname}{page}"
