"""What requests ask and answers say: the description of the API is made from these models, and answers are checked."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from leaderboard.services.tokens import SCOPES
from leaderboard.web.api_pages import LONGEST_CURSOR, MOST_LIMIT, USUAL_LIMIT

MOST_PEOPLE = 1_000
LONGEST_DOCUMENT = 150_000  # characters: written as JSON each may take twelve bytes
SOURCE = r"^[A-Za-z0-9][A-Za-z0-9 ._:/@+-]{0,99}$"
PERIOD = r"^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2]|Q[1-4])$"
DAY = r"^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
EXTERNAL_ID = r"^[!-:<-~]([ -:<-~]*[!-:<-~])?$"
MONTH = r"^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])$"


def _whole(value: Any) -> Any:
    """Let through what is written as a whole number, and nothing else that Python would read as one."""
    if isinstance(value, str) and not (value.isascii() and value.isdecimal() and len(value) <= 6):
        raise ValueError("should be a whole number")
    return value


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


Scope = Literal["team", "member"]
Side = Literal["sales", "marketing"]
Level = Literal["missed", "met", "exceeded", "pending", "void"]
Period = Annotated[str, Field(pattern=PERIOD, examples=["2026-10", "2026-Q4"])]
MonthKey = Annotated[str, Field(pattern=MONTH, examples=["2026-10"])]
Day = Annotated[str, Field(pattern=DAY, json_schema_extra={"format": "date"}), AfterValidator(_day)]
Text = Annotated[str, Field(min_length=1, max_length=400)]


class Query(BaseModel):
    """What stands behind the question mark."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(Query):
    """Of a list."""

    limit: Annotated[int, Field(ge=1, le=MOST_LIMIT), BeforeValidator(_whole)] = Field(
        USUAL_LIMIT, description="How many rows a page has at most."
    )
    cursor: Annotated[str, Field(min_length=1, max_length=LONGEST_CURSOR, pattern=r"^[A-Za-z0-9_-]+$")] | None = Field(
        None,
        description="Where the page begins; `next` of the page before has it. An unknown one is answered with 404.",
    )


class Sent(BaseModel):
    """A body, or a part of one."""

    model_config = ConfigDict(extra="forbid", strict=True)


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


# Events


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


class EventsQuery(Query):
    """Of a batch that is no object."""

    source: Annotated[str, Field(pattern=SOURCE)] | None = Field(
        None,
        description="Under which source the events are stored, where the body says none; `api` if neither does.",
    )


EVENT_FIELDS = {
    "event_id": ("Unique in its source: the same one again is a duplicate, whatever it says.", "hs-8812-won"),
    "occurred_at": (
        "ISO 8601; without an offset it is in the organisation's time zone.",
        "2026-11-18T09:12:00-03:00",
    ),
    "type": ("A dotted word such as `lead.assigned`, `lead.disposed` or `opportunity.won`.", "lead.disposed"),
    "subject": ("What it is about: the id of a lead, an opportunity or a task.", "lead-8812"),
    "member": ("Who: an e-mail, or an id by which a CRM knows them.", "ana@aurora.example"),
    "team": ("The name of a team, where it is not the member's.", ""),
    "outcome": ("Of `lead.disposed`: `qualified`, `disqualified` or `recycled`.", "qualified"),
    "amount": ("Exact to the minor unit, such as 1200.50; as text or number.", None),
    "currency": ("The organisation's; another is refused.", None),
    "due_at": ("Of `task.assigned`.", None),
}


# People


class PersonRow(Sent):
    """A member in a team from a day, until a day or still. Another row of the same e-mail is another membership."""

    email: Annotated[str, Field(max_length=254, pattern=r"^[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    team: Annotated[str, Field(min_length=1, max_length=200)]
    side: Side
    starts_on: Day = Field(alias="from")
    until: Day | None = None
    role: Literal["rep", "manager", "admin"] | None = Field(None, description="Of their account, if they have one.")
    external_ids: list[Annotated[str, Field(min_length=1, max_length=100, pattern=EXTERNAL_ID)]] = Field(
        default=[], max_length=20, description="Ids by which CRMs know them."
    )


class PeopleSent(Sent):
    """People to load. Those who are not named stay as they are."""

    people: list[PersonRow] = Field(min_length=1, max_length=MOST_PEOPLE)


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


class PeopleQuery(PageQuery):
    """Whom a list of people names."""

    team: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="Only those of the team of this name."
    )


# Agreements


class AgreementSent(Sent):
    """A version of the agreement."""

    document: str = Field(
        min_length=1, max_length=LONGEST_DOCUMENT, description="The TOML file, as docs/formats.md describes it."
    )


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


# Results


class StandingsQuery(PageQuery):
    """Which board."""

    period: Period = Field(description="A month or a quarter.")
    scope: Scope = Field("team", description="Whether teams or people are ranked.")
    side: Side | None = Field(None, description="Only this side; without it all compete together.")
    by: Literal["total", "average"] = Field("total", description="Teams by points, or by points per member.")


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


class AttainmentsQuery(PageQuery):
    """Which results."""

    period: Period = Field(description="A month or a quarter, in which they count.")
    sla: Text | None = Field(None, description="The key of an SLA; an unknown one is answered with 404.")
    level: Level | None = None


class WaitingQuery(PageQuery):
    """Which open occurrences."""

    sla: Text | None = Field(None, description="The key of an SLA; an unknown one is answered with 404.")


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


class PointsQuery(PageQuery):
    """Which rows of the ledger."""

    month: MonthKey | None = Field(None, description="Only those that count in this month.")
    member: Text | None = Field(None, description="Only those of the member of this key; an unknown one: 404.")


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


class BadgesQuery(PageQuery):
    """Which badges."""

    period: Period | None = None
    badge: Text | None = Field(None, description="Only of this kind, such as `rep-of-the-month`.")


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


class BonusesQuery(PageQuery):
    """Which bonus awards."""

    period: Period | None = None
    status: Literal["proposed", "approved", "paid", "declined"] | None = None


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
