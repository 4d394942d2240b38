"""Finding the members and teams that events name, by e-mail, external id or name; and creating them if asked to."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from leaderboard.domain.anonymous import fingerprint
from leaderboard.domain.inbound import InboundEvent, RowError, UnknownName
from leaderboard.domain.people import Membership, is_email
from leaderboard.domain.periods import Month
from leaderboard.domain.shown import has_controls
from leaderboard.services.rules import RuleBook
from leaderboard.storage import accounts, people


def event_warnings(event: InboundEvent, now: datetime) -> list[str]:
    """Return why an event will not count as one would think."""
    found = []
    if event.occurred_at > now:
        found.append(f"{event.occurred_at.isoformat()} lies in the future; the event counts from then on")
    if event.type == "task.assigned" and event.due_at is None:
        found.append("task.assigned without due_at is never due, so completing it earns nothing")
    return found


class Created(NamedTuple):
    """Where a new member begins: the earliest event that names them decides."""

    first: datetime
    team: str


class Names:
    """Finds the members and teams that events name, and creates unknown members if a side is given for them.

    It belongs to one writing transaction. hint: what else could be done about an unknown one. created_members,
    created_teams: how many came by it.
    """

    def __init__(self, session: Session, book: RuleBook, side: str | None = None, hint: str = "") -> None:
        self.connection = session.connection()
        self.book = book
        self.side = side
        self.hint = hint
        living = {key: member_id for member_id, (key, _) in book.members.items() if member_id not in book.anonymised}
        self.members = {**book.external_ids, **living}
        self.teams = {team.name: team.id for team in book.rules.teams.values()}
        self.created: dict[int, Created] = {}
        self.created_members = self.created_teams = 0

    @property
    def has_created(self) -> bool:
        """Whether the rules have changed by it."""
        return bool(self.created_members or self.created_teams)

    @property
    def needs_default_team(self) -> bool:
        """Whether a team named after the side is to be created, for members whom no row gives one."""
        is_new = self.side is not None and self._default_team() not in self.teams
        return is_new and any(not each.team for each in self.created.values())

    @property
    def first_month(self) -> Month:
        """The earliest month in which a new member stands."""
        return self.book.rules.months.month_of(min(each.first for each in self.created.values()))

    def check(self, events: Iterable[InboundEvent]) -> None:
        """Refuse a row by RowError, before anything of it is created, that names what must not be a name."""
        for event in events if self.side is not None else ():
            for column, name in (("member", event.member), ("team", event.team)):
                if has_controls(name):
                    raise RowError(column, name, "holds a control character; remove it")

    def resolve(self, event: InboundEvent) -> tuple[int | None, int | None]:
        """Return the ids of an event's member and team; RowError for unknown ones that are not to be created."""
        team_id = self._team(event.team) if event.team else None
        if not event.member:
            return None, team_id
        member_id = self.members.get(event.member)
        if member_id is None and "@" in event.member:  # e-mails are the same in any case, ids are not
            member_id = self.members.get(event.member.lower())
        if member_id is None and self.book.anonymous and fingerprint(event.member) in self.book.anonymous:
            raise RowError(
                "member", event.member, "is somebody who was made anonymous; take what names them out of the file"
            )
        if member_id is None:
            member_id = self._create(event)
        if member_id in self.created:
            self._begin(member_id, event)
        return member_id, team_id

    def _team(self, name: str) -> int:
        team_id = self.teams.get(name)
        if team_id is None:
            if self.side is None:
                raise UnknownName("team", name, f"is not a known team; load it with its people{self.hint}")
            team_id = self.teams[name] = self._new_team(name, self.side)
            self.created_teams += 1
        return team_id

    def _create(self, event: InboundEvent) -> int:
        if self.side is None:
            raise UnknownName(
                "member",
                event.member,
                f"is not a known e-mail or external id; load people first{self.hint}",
            )
        key = event.member.lower() if is_email(event.member) else event.member
        return self._begun(key, Created(event.occurred_at, event.team))

    def create(self, members: Mapping[str, Created], teams: Iterable[str]) -> None:
        """Create members, by e-mail or external id, and teams, by name, found to be unknown (scouting)."""
        for name in teams:
            self._team(name)
        for key, created in members.items():
            if key not in self.members:
                self._begun(key, created)

    def _begun(self, key: str, created: Created) -> int:
        member_id = self.members[key] = self._new_member(key)
        self.created[member_id] = created
        self.created_members += 1
        return member_id

    def _new_team(self, name: str, side: str) -> int:
        return people.add_team(self.connection, name, side)

    def _new_member(self, key: str) -> int:
        is_known_by_email = is_email(key)
        member_id = people.add_member(self.connection, key, key if is_known_by_email else None, key)
        if not is_known_by_email:
            people.add_external_ids(self.connection, [(key, member_id)])
        return member_id

    def _begin(self, member_id: int, event: InboundEvent) -> None:
        known = self.created[member_id]
        if event.occurred_at < known.first or not known.team:
            first = min(event.occurred_at, known.first)
            self.created[member_id] = Created(first, event.team or known.team)

    def store_memberships(self) -> None:
        """Put new members into their team from the first day of the month that first names them.

        One that no row gives a team is put into a team named after the side.
        """
        if not self.has_created:
            return
        rows = []
        for member_id, created in self.created.items():
            month = self.book.rules.months.month_of(created.first)
            rows.append(Membership(member_id, self._team(created.team or self._default_team()), month.first_day))
        people.replace_memberships(self.connection, list(self.created), rows)
        accounts.link_members(self.connection)  # else one could approve an award that they share in (B4)
        people.raise_rules_version(self.connection)

    def _default_team(self) -> str:
        return str(self.side).capitalize()
