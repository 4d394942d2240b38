"""What requests to the API ask: its description is made from these models, and requests are read by them."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from leaderboard.web.api_pages import LONGEST_CURSOR, MOST_LIMIT, USUAL_LIMIT

MOST_PEOPLE = 1_000
LONGEST_DOCUMENT = 150_000  # characters: written as JSON each may take twelve bytes
SOURCE = r"^[A-Za-z0-9][A-Za-z0-9 ._:/@+-]{0,99}$"
PERIOD = r"^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2]|Q[1-4])$"
DAY = r"^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
EXTERNAL_ID = r"^[!-:<-~]([ -:<-~]*[!-:<-~])?$"
WHOLE = r"^[^\u0000]*$"
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
Text = Annotated[str, Field(min_length=1, max_length=400, pattern=WHOLE)]


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


class PersonRow(Sent):
    """A member in a team from a day, until a day or still. Another row of the same e-mail is another membership."""

    email: Annotated[str, Field(max_length=254, pattern=r"^[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    team: Annotated[str, Field(min_length=1, max_length=200)]
    side: Side
    starts_on: Day = Field(alias="from")
    until: Day | None = None
    role: Literal["rep", "manager"] | None = Field(
        None, description="Of their account, if they have one. Nobody becomes an administrator by a token."
    )
    external_ids: list[Annotated[str, Field(min_length=1, max_length=100, pattern=EXTERNAL_ID)]] = Field(
        default=[], max_length=20, description="Ids by which CRMs know them."
    )


class PeopleSent(Sent):
    """People to load. Those who are not named stay as they are."""

    people: list[PersonRow] = Field(min_length=1, max_length=MOST_PEOPLE)


class PeopleQuery(PageQuery):
    """Whom a list of people names."""

    team: Text | None = Field(None, description="Only those of the team of this name.")


class AgreementSent(Sent):
    """A version of the agreement."""

    document: str = Field(
        min_length=1, max_length=LONGEST_DOCUMENT, description="The TOML file, as docs/formats.md describes it."
    )


class StandingsQuery(PageQuery):
    """Which board."""

    period: Period = Field(description="A month or a quarter.")
    scope: Scope = Field("team", description="Whether teams or people are ranked.")
    side: Side | None = Field(None, description="Only this side; without it all compete together.")
    by: Literal["total", "average"] = Field("total", description="Teams by points, or by points per member.")


class AttainmentsQuery(PageQuery):
    """Which results."""

    period: Period = Field(description="A month or a quarter, in which they count.")
    sla: Text | None = Field(None, description="The key of an SLA; an unknown one is answered with 404.")
    level: Level | None = None


class WaitingQuery(PageQuery):
    """Which open occurrences."""

    sla: Text | None = Field(None, description="The key of an SLA; an unknown one is answered with 404.")


class PointsQuery(PageQuery):
    """Which rows of the ledger."""

    month: MonthKey | None = Field(None, description="Only those that count in this month.")
    member: Text | None = Field(None, description="Only those of the member of this key; an unknown one: 404.")


class BadgesQuery(PageQuery):
    """Which badges."""

    period: Period | None = None
    badge: Text | None = Field(None, description="Only of this kind, such as `rep-of-the-month`.")


class BonusesQuery(PageQuery):
    """Which bonus awards."""

    period: Period | None = None
    status: Literal["proposed", "approved", "paid", "declined"] | None = None
