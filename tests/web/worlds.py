"""A small organisation in November 2026 whose board is worth looking at, and how one signs in to it."""

import io
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.accounts import add_user
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.closing import close_next
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.storage import accounts, people
from tests.services.examples import ORGANISATION, SPEED, agreement, csv_of, hand_in
from tests.web.door import CHEAP

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)
PASSWORD = "nine quiet lanterns"
PEOPLE = """email,name,team,side,from,until,role,external_id
ana@example.com,Ana Lima,North,sales,2026-01-01,,rep,
bia@example.com,Bia Souza,North,sales,2026-01-01,,rep,
caio@example.com,Caio <b>Dias</b>,South,sales,2026-01-01,,rep,
dora@example.com,Dora Prado,Leads,marketing,2026-01-01,,manager,
enzo@example.com,Enzo Reis,Leads,marketing,2026-01-01,,admin,
"""
WINS = {10: {"ana": 1, "bia": 4, "caio": 2}, 11: {"ana": 3, "bia": 2, "caio": 2}}  # leads in time, by month


def build(session: Session) -> None:
    """Load the organisation; in November: Ana 30, Bia and Caio 20, the others 0.

    Dora is a manager of all teams; Fabio, who is no member, of South alone.
    """
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    load_people(session, io.BytesIO(PEOPLE.encode()), now=NOW, by=COMMAND_LINE)
    load_agreement(session, agreement(SPEED), now=NOW, by=COMMAND_LINE)
    hand_in(session, csv_of(*_lines()), now=NOW)
    for name, role in (("ana", "rep"), ("bia", "rep"), ("dora", "manager"), ("fabio", "manager"), ("enzo", "admin")):
        account = {"email": f"{name}@example.com", "role": role, "password": PASSWORD}
        add_user(session, **account, now=NOW, by=COMMAND_LINE, costs=CHEAP)
    answer_for(session, "dora", "all")
    answer_for(session, "fabio", "own", "South")


def answer_for(session: Session, name: str, teams_seen: str, *teams: str) -> None:
    """Say which teams a manager answers for: `all`, or `own` with some more."""
    of = {team: team_id for team_id, team, _ in people.teams(session.connection())}
    user = accounts.account_with(session.connection(), f"{name}@example.com")
    accounts.give_teams(session.connection(), user.id, teams_seen, [of[team] for team in teams])
    session.commit()


def _lines() -> list[str]:
    lines = []
    for month, counts in WINS.items():
        for name, count in counts.items():
            for number in range(count):
                start, lead = datetime(2026, month, 3 + number, 13, tzinfo=UTC), f"{month}-{name}-{number}"
                for key, when, kind in (("a", start, "assigned"), ("d", start + timedelta(minutes=30), "disposed")):
                    lines.append(f"{key}-{lead},{when.isoformat()},lead.{kind},{lead},{name}@example.com")
    return lines


def sign_in(client: FlaskClient, name: str) -> FlaskClient:
    """Sign a client in as one of the people above."""
    client.get("/sign-in")
    answer = client.post("/sign-in", data={"email": f"{name}@example.com", "password": PASSWORD})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return client


def close_october(session: Session) -> None:
    """Close October, which is due at NOW."""
    while close_next(session, now=NOW, by=COMMAND_LINE) is not None:
        pass


def hand_in_late(session: Session, name: str, *, lead: str = "late") -> None:
    """Hand in a lead of October that somebody disposed of in time."""
    start = datetime(2026, 10, 20, 13, tzinfo=UTC)
    lines = [
        f"{lead}-{kind},{when.isoformat()},lead.{kind},{lead},{name}@example.com"
        for kind, when in (("assigned", start), ("disposed", start + timedelta(minutes=30)))
    ]
    hand_in(session, csv_of(*lines), now=NOW)
