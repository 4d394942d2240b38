"""The rules in force, read once for each of their versions and kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from leaderboard.domain.agreement import Agreement
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.anonymous import PREFIX, masked
from leaderboard.domain.closing import Line, line_of
from leaderboard.domain.errors import Refused
from leaderboard.domain.organisation_file import Organisation, parse_organisation
from leaderboard.domain.people import FAR, Teams
from leaderboard.domain.periods import MonthFinder, month_finder, month_of_key
from leaderboard.domain.rules import Rules, Team, Version
from leaderboard.domain.standings import sort_key
from leaderboard.storage import closings, people, periods

NO_ORGANISATION = "No organisation is loaded yet; load one with: leaderboard organisation load FILE."


@dataclass(frozen=True)
class RuleBook:
    """The rules of one version, and what goes with them.

    members: key and name by id. opened: the months that have standings; eventful: those of them that stay for good.
    closed: the months and quarters that are closed. anonymised: the members who were made anonymous; anonymous: their
    names by the fingerprints of what they were known by. external_ids: of the others, each with its member.
    """

    version: int
    rules: Rules
    members: dict[int, tuple[str, str]]
    opened: frozenset[str]
    eventful: frozenset[str]
    closed: frozenset[str] = frozenset()
    anonymous: Mapping[str, str] = field(default_factory=dict)
    anonymised: frozenset[int] = frozenset()
    external_ids: Mapping[str, int] = field(default_factory=dict)

    def name_of(self, scope: str, participant: int, stored: str) -> str:
        """Return the name to show where one is stored for good: another only for those who were made anonymous."""
        return self.members[participant][1] if scope == "member" and participant in self.anonymised else stored

    def masked(self, text: str) -> str:
        """Return a text that is stored for good as it is shown: without those who were made anonymous."""
        return masked(text, self.anonymous)

    @cached_property
    def by_name(self) -> list[int]:
        """The members, by name."""
        return sorted(self.members, key=lambda each: (sort_key(self.members[each][1]), self.members[each][0]))

    @cached_property
    def directories(self) -> dict[date, Any]:
        """What services/directory.py keeps of these people by day."""
        return {}

    @cached_property
    def line(self) -> Line | None:
        """The periods that are closed once they are over; None before anything has happened and something is agreed."""
        if not (self.opened and self.rules.versions):
            return None
        return line_of(set(map(month_of_key, self.opened)), self.rules.versions[0].agreement.first_month)


_kept: WeakKeyDictionary[Engine, RuleBook] = WeakKeyDictionary()
_lock = Lock()


def rule_book(connection: Connection, version: int | None = None) -> RuleBook:
    """Return the rules in force; Refused while there is no organisation.

    version: the current rules' version where the caller has just read it.
    """
    if version is None:
        version = people.rules_version(connection)
    if version is None:
        raise Refused(NO_ORGANISATION)
    with _lock:
        kept = _kept.get(connection.engine)
    if kept is None or kept.version != version:
        kept = read_rule_book(connection, version)
        with _lock:
            _kept[connection.engine] = kept
    return kept


def known_rules(connection: Connection) -> RuleBook | None:
    """Return the rules in force; None before an organisation is loaded: accounts come first."""
    try:
        return rule_book(connection)
    except Refused:
        return None


def read_rule_book(connection: Connection, version: int) -> RuleBook:
    """Read the rules afresh."""
    document = people.organisation_document(connection)
    if document is None:
        raise Refused(NO_ORGANISATION)
    organisation = parse_organisation(document)
    kept = closings.bounds_of_months(connection)
    months = MonthFinder(organisation.zone, kept) if kept else month_finder(organisation.time_zone)
    rules = Rules(
        organisation=organisation,
        membership=Teams(people.memberships(connection), organisation.zone),
        teams={team_id: Team(team_id, name, side) for team_id, name, side in people.teams(connection)},
        versions=_versions(connection, organisation, months),
        months=months,
    )
    members = {member_id: (key, name) for member_id, key, _, name in people.members(connection)}
    external_ids = people.external_ids(connection)
    gone = {known: external_ids.pop(known) for known in list(external_ids) if known.startswith(PREFIX)}
    opened = periods.opened_months(connection)
    eventful = frozenset(key for key, is_eventful in opened.items() if is_eventful)
    return RuleBook(
        version=version,
        rules=rules,
        members=members,
        opened=frozenset(opened),
        eventful=eventful,
        closed=closings.closed_periods(connection),
        anonymous={known: members[member_id][1] for known, member_id in gone.items()},
        anonymised=frozenset(gone.values()),
        external_ids=external_ids,
    )


@lru_cache(maxsize=32)
def _parsed(document: str, currency: str) -> Agreement:
    """Every close makes a new version of the rules, of the same agreements."""
    return parse_agreement(document, currency)


def _versions(connection: Connection, organisation: Organisation, months: MonthFinder) -> list[Version]:
    found = [
        (version_id, _parsed(document, organisation.currency))
        for version_id, document in people.agreement_documents(connection)
    ]
    starts = [months.bounds(agreement.first_month)[0] for _, agreement in found]
    ends = [*starts[1:], FAR][: len(starts)]
    return [
        Version(version_id, agreement, start, end)
        for (version_id, agreement), start, end in zip(found, starts, ends, strict=True)
    ]
