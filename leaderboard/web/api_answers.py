"""What the API answers: its description is made from these models, and no answer has other keys."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from leaderboard.services.tokens import SCOPES
from leaderboard.web.api_models import Level, Scope, Side


class Told(BaseModel):
    """An answer, or a part of one: these keys and no others, all of them each time."""

    model_config = ConfigDict(extra="forbid")


class Page(Told):
    """A page of a list."""

    next: str | None = Field(description="The address of the next page; null at the end.")


class Fault(Told):
    """What is wrong at one place."""

    where: str = Field(description="The place: a JSON pointer into the body, or `query` and the parameter's name.")
    detail: str


class ProblemDetails(BaseModel):
    """What is told instead of an answer (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="The kind of problem: an address that explains it.")
    title: str
    status: int
    detail: str = Field(description="What is wrong, and what to do.")
    errors: list[Fault] = Field(default=[], description="What is wrong where, if more can be said; left out otherwise.")
    error_id: str = Field(default="", description="Under which our log has it; only of a failure of ours.")


class EventResult(Told):
    """What became of a row."""

    row: int = Field(description="Its number in the batch, from 1.")
    event_id: str = Field(description="As it was sent; empty if it had none.")
    outcome: Literal["new", "duplicate", "refused"] = Field(
        description="`new`: stored and scored. `duplicate`: its source has sent this event_id before, so nothing was "
        "done. `refused`: nothing was stored of it."
    )
    column: str | None = Field(description="The field that a refusal is about.")
    value: str | None = Field(description="What stands there.")
    reason: str | None = Field(description="Why it cannot be taken, and what is expected.")
    warnings: list[str] = Field(description="What should be looked at, though the row was taken.")


class EventsTaken(Told):
    """What became of a batch: a result for each row, in the order in which they were sent."""

    new: int
    duplicate: int
    refused: int
    results: list[EventResult]


class PeopleLoaded(Told):
    """What was loaded."""

    rows: int
    members: int
    teams: int


class Belonging(Told):
    """A membership, from a day up to but not including another; until: null while it lasts."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    team: str
    side: Side
    starts_on: date = Field(alias="from")
    until: date | None


class Person(Told):
    """A member. member: what they are known by: the e-mail, or an id where they were created from an event."""

    id: int
    member: str
    email: str | None
    name: str
    state: Literal["active", "coming", "left"]
    team: str | None = Field(description="In which they are, will be or were last.")
    side: Side | None
    external_ids: list[str]
    memberships: list[Belonging]


class People(Page):
    """A page of people, by id."""

    items: list[Person]


class SlaTold(Told):
    """A promise."""

    key: str
    title: str
    side: Side
    participant: Scope
    kind: Literal["response_time", "count", "sum", "rate", "completion"]
    met_points: int
    exceeded_points: int


class AgreementTold(Told):
    """A version of the agreement."""

    id: int
    title: str
    effective_from: date
    until: date | None = Field(description="The day on which the next version begins.")
    state: Literal["past", "in_force", "to_come"]
    loaded_at: datetime
    digest: str = Field(description="SHA-256 of the document.")
    signed_by: list[Side] = Field(description="The sides that have signed it here.")
    slas: list[SlaTold]


class Agreements(Page):
    """A page of versions, by the day on which they take effect."""

    items: list[AgreementTold]


class AgreementLoaded(Told):
    """The version that was loaded."""

    title: str
    effective_from: date
    slas: list[str] = Field(description="The keys of its SLAs.")


class AgreementChecked(Told):
    """What is wrong with a document; nothing was loaded."""

    is_valid: bool
    mistakes: list[str]


class StandingTold(Told):
    """A participant's place. Equal ones share a rank, the next is skipped."""

    rank: int
    key: str = Field(description="A team's name; a member's e-mail, or an id where they have none.")
    name: str
    side: Side | None
    team: str | None
    points: int
    average: float | None = Field(description="Of a team: points per member, to six places.")
    met: int
    exceeded: int
    missed: int
    movement: int | None = Field(description="Places up since the period before; null if not ranked then.")


class Standings(Page):
    """A page of a board."""

    period: str
    scope: Scope
    side: Side | None
    by: Literal["total", "average"]
    is_closed: bool = Field(description="Whether they are final.")
    items: list[StandingTold]


class AttainmentTold(Told):
    """The level that a participant reached."""

    id: int
    sla: str
    scope: Scope
    participant: str = Field(description="A team's name, or a member's key.")
    team: str | None = Field(description="The team that it is credited to.")
    subject: str = Field(description="A lead, an opportunity or a task; of a monthly result the month.")
    month: str | None = Field(description="Where it counts; null while it does nowhere.")
    level: Level
    value: float | int | None = Field(
        description="Seconds, subjects, minor units, or a share to six places, as the SLA measures."
    )
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    decided_at: datetime | None
    points: int
    agreement: int = Field(description="The id of the version of the agreement that decided.")


class Attainments(Page):
    """A page of results."""

    items: list[AttainmentTold]


class EntryTold(Told):
    """A row of the points ledger, which never changes."""

    id: int
    member: str | None
    team: str | None
    month: str
    corrects: str | None = Field(description="The closed month that it corrects.")
    points: int
    reason: str
    because: str | None = Field(description="Of points given by hand: what was said.")
    given_by: str | None
    posted_at: datetime
    attainment: int | None = Field(description="The id of what it is for.")
    sla: str | None
    subject: str | None


class Points(Page):
    """A page of the ledger, oldest first."""

    items: list[EntryTold]


class BadgeTold(Told):
    """A badge that somebody earned."""

    id: int
    badge: str
    scope: Scope
    participant: str | None
    name: str | None
    period: str
    earned_at: datetime
    withdrawn_at: datetime | None
    withdrawn_because: str | None


class Badges(Page):
    """A page of badges, in the order in which they came."""

    items: list[BadgeTold]


class ShareTold(Told):
    """A member's share of an award."""

    member: str
    name: str
    amount_minor: int | None


class BonusTold(Told):
    """A bonus that was won. What is not the reader's is without amount, status and shares."""

    id: int
    period: str
    programme: str
    place: int
    scope: Scope
    participant: str
    name: str
    team: str | None
    prize: str | None
    currency: str
    amount_minor: int | None
    status: Literal["proposed", "approved", "paid", "declined"] | None
    decided_at: datetime | None
    paid_at: datetime | None
    reason: str | None
    shares: list[ShareTold]


class Bonuses(Page):
    """A page of awards, in the order in which they were proposed."""

    items: list[BonusTold]


class PeriodTold(Told):
    """A month or quarter that has standings."""

    period: str
    kind: Literal["month", "quarter"]
    starts_at: datetime
    ends_at: datetime
    state: Literal["open", "over", "closed"]
    closed_at: datetime | None


class Periods(Page):
    """A page of periods, by key, from the last on."""

    items: list[PeriodTold]


class TokenTold(Told):
    """The token that the request came with, and whose it is."""

    name: str
    begins_with: str
    scopes: list[Literal[SCOPES]]  # type: ignore[valid-type]
    expires_at: datetime
    account: str
    role: Literal["rep", "manager", "admin"]
    member: str | None = Field(description="The key of the member that the account belongs to.")


class Health(Told):
    """Whether the server can do its work."""

    status: Literal["ready", "not_ready"]
    database: Literal["ready", "away", "other_version"]
    scheduler: Literal["alive", "silent", "unknown"] = Field(description="What scores by itself and closes periods.")
    scheduler_looked_at: datetime | None
