"""Two sales teams with something to keep to themselves each: what North is not to know of South, and the other way."""

import io
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from sqlalchemy import select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.services import asking, deciding, exporting, hooks, questions
from leaderboard.services.accounts import add_user
from leaderboard.services.adjusting import adjust
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.closing import close_next
from leaderboard.services.drafting import start_draft
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.results import find_result
from leaderboard.services.sealing import Seal
from leaderboard.services.uploads import take_file
from leaderboard.storage import hooks as hook_rows
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.bonus_tables import BonusAward
from leaderboard.storage.closing_tables import BadgeRow
from leaderboard.storage.tables import AgreementVersion, AttainmentRow, Member, PointEntry, Team
from tests.services.bonus_examples import bonus
from tests.services.examples import ON_TIME, ORGANISATION, SPEED, TRAINING, agreement, csv_of, hand_in
from tests.services.hook_target_rows import webhook
from tests.services.screens import pair
from tests.web.door import CHEAP
from tests.web.worlds import PASSWORD

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)
KEY = "0123456789abcdef-a-key-for-tests-only"  # of the applications of tests
CLOSED_AT = datetime(2026, 11, 3, 15, tzinfo=UTC)
PEOPLE = """email,name,team,side,from,until,role,external_id
ana@example.com,Ana Lima,North,sales,2026-01-01,,rep,
bia@example.com,Bia Souza,North,sales,2026-01-01,,rep,
dora@example.com,Dora Prado,North,sales,2026-01-01,,manager,
caio@example.com,Caio Dias,South,sales,2026-01-01,,rep,
eva@example.com,Eva Melo,South,sales,2026-01-01,,rep,
fabio@example.com,Fabio Neves,South,sales,2026-01-01,,manager,
enzo@example.com,Enzo Reis,Leads,marketing,2026-01-01,,admin,
"""
ROLES = {"ana": "rep", "bia": "rep", "caio": "rep", "dora": "manager", "fabio": "manager", "enzo": "admin"}
# A lead's name tells whose it is; shares of 731.00 and of 517.00 by points; texts that somebody wrote.
SECRETS = {
    "North": ("kestrel", "678.79", "52.21", "north reason", "north question", "north answer", "ana@example.com"),
    "South": ("osprey", "477.23", "39.77", "south reason", "south question", "south answer", "caio@example.com"),
}
BIRDS = {"ana": "kestrel", "bia": "kestrel", "caio": "osprey", "eva": "osprey"}
WON = {"ana": 3, "bia": 1, "caio": 2, "eva": 1}  # leads of October in time
WIN = bonus("team-win", 'places = ["731.00", "517.00"]\nside = "sales"\ndivide = "by_points"', period="month")
HOURS = timedelta(hours=1)


def build(session: Session) -> SimpleNamespace:
    """Load it all, and return the numbers of what North has, and of some that South has as `other`.

    October is closed and won, and corrected since; in November there are leads in every state.
    """
    load_organisation(
        session, ORGANISATION.replace("[calendar]", "question_days = 0\n[calendar]"), now=NOW, by=COMMAND_LINE
    )
    load_people(session, io.BytesIO(PEOPLE.encode()), now=NOW, by=COMMAND_LINE)
    load_agreement(
        session, agreement(SPEED, ON_TIME, TRAINING, WIN, effective_from="2026-10-01"), now=NOW, by=COMMAND_LINE
    )
    hand_in(session, csv_of(*_october()), now=CLOSED_AT)
    for name, role in ROLES.items():
        add_user(
            session,
            email=f"{name}@example.com",
            role=role,
            password=PASSWORD,
            now=CLOSED_AT,
            by=COMMAND_LINE,
            costs=CHEAP,
        )
    while close_next(session, now=CLOSED_AT, by=COMMAND_LINE) is not None:
        pass
    hand_in(session, csv_of(*_november()), now=NOW)
    north, south = (_of_team(session, *names) for names in (("North", "ana", "dora"), ("South", "caio", "fabio")))
    approved = deciding.approve(session, [north.award, south.award], by=_actor(session, "enzo"), now=NOW)
    assert approved.refused == ()
    export = exporting.create_export(session, by=_actor(session, "enzo"), now=NOW)
    display, _token = pair(session)
    badge = session.execute(select(BadgeRow.id).where(BadgeRow.key == "rep-of-the-month")).scalars().first()
    version = session.execute(select(AgreementVersion.id)).scalar_one()
    draft = start_draft(session, agreement(SPEED, effective_from="2027-01-01"), by=_actor(session, "enzo"), now=NOW)
    colleague = _actor(session, "bia").user_id
    upload = take_file(session, "leads.csv", io.BytesIO(csv_of()), by=_actor(session, "enzo"), now=NOW)
    hook, delivery = _hook(session)
    apart = {"colleague": colleague, "version": version, "draft": draft, "export": export, "display": display}
    apart |= {"hook": hook, "delivery": delivery, "upload": upload, "webhook": webhook(session, "Slack")}
    return SimpleNamespace(**vars(north), **apart, badge=badge, period="2026-10", other=south)


def _hook(session: Session) -> tuple[int, int]:
    """Add a webhook in, with a delivery that names somebody of each team."""
    options = {"kind": "generic", "name": "CRM", "slug": "crm", "secret": "", "now": NOW, "by": COMMAND_LINE}
    hook, _secret = hooks.add_hook(session, **options, seal=Seal([KEY]))
    body = '{"kestrel": "osprey"}'
    delivery = hook_rows.add_delivery(
        session.connection(), hook_id=hook, delivery_key=None, received_at=NOW, body=body, next_try_at=NOW
    )
    session.commit()
    return hook, delivery


def _of_team(session: Session, team: str, rep: str, manager: str) -> SimpleNamespace:
    """Give a team what was not brought by events, and return the numbers of what it has."""
    member = session.execute(select(Member.id).where(Member.key == f"{rep}@example.com")).scalar_one()
    award = session.execute(select(BonusAward.id).where(BonusAward.name == team)).scalar_one()
    given = adjust(session, member, 77, f"{team} reason", "2026-11", by=_actor(session, manager), now=NOW)
    question = asking.ask(session, award, f"{team} question", by=_actor(session, rep), now=CLOSED_AT)
    mine = (AttainmentRow.participant_id == member, AttainmentRow.scope == "member", AttainmentRow.is_monthly == 0)
    levels = dict(
        session.execute(
            select(AttainmentRow.level, AttainmentRow.id).where(*mine).order_by(AttainmentRow.id.desc())
        ).all()
    )
    waiting = find_result(session, levels["pending"])
    asked = questions.ask(session, waiting, f"{team} question", by=_actor(session, rep), now=NOW)
    entry = (
        session.execute(select(PointEntry.id).where(PointEntry.attainment_id == levels["exceeded"])).scalars().first()
    )
    return SimpleNamespace(
        team=session.execute(select(Team.id).where(Team.name == team)).scalar_one(),
        team_name=team,
        member=member,
        user=_actor(session, rep).user_id,
        award=award,
        question=question,
        point_question=asked,
        adjustment=given.id,
        attainment=levels["missed"],
        open_lead=levels["pending"],
        rate=_rate_of(session, member),
        entry=entry,
    )


def _rate_of(session: Session, member: int) -> int:
    mine = (AttainmentRow.participant_id == member, AttainmentRow.scope == "member", AttainmentRow.sla == "on-time")
    return session.execute(select(AttainmentRow.id).where(*mine).order_by(AttainmentRow.id)).scalars().first()


def _actor(session: Session, name: str) -> Actor:
    mine = UserAccount.email == f"{name}@example.com"
    return Actor(*session.execute(select(UserAccount.email, UserAccount.id, UserAccount.member_id).where(mine)).one())


def _october() -> list[str]:
    return [line for name, count in WON.items() for number in range(count) for line in _lead(name, 10, 5 + number, 0.5)]


def _november() -> list[str]:
    """Return for each one in time, one too late, one overdue, one open, a task, and one of October that comes late."""
    lines = []
    for name in BIRDS:
        lines += _lead(name, 11, 3, 0.5) + _lead(name, 11, 5, 100) + _lead(name, 11, 6, None) + _lead(name, 10, 20, 0.5)
        lines += _lead(name, 11, 17, None, hour=18)  # due today
        lines.append(
            f"t-{name},2026-11-04T12:00:00Z,task.assigned,{BIRDS[name]}-task-{name},{name}@example.com,,,,,2026-11-30T12:00:00Z"
        )
    return lines


def _lead(name: str, month: int, day: int, hours: float | None, hour: int = 13) -> list[str]:
    """Return the events of a lead that somebody got at an hour (UTC), and disposed of so many hours later."""
    start, lead = datetime(2026, month, day, hour, tzinfo=UTC), f"{BIRDS[name]}-{name}-{month:02}-{day:02}"
    moments = {"assigned": start} | ({} if hours is None else {"disposed": start + hours * HOURS})
    return [f"{kind}-{lead},{at.isoformat()},lead.{kind},{lead},{name}@example.com" for kind, at in moments.items()]
