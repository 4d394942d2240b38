"""A quarter that was won and closed, and accounts of those who see its bonuses; Bia is a manager who shares in some.

Dora, Bia and Enzo see all; Fabio is a manager of South alone.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.services.accounts import add_user
from leaderboard.storage.accounts_tables import UserAccount
from tests.services.bonus_examples import BEST_REP, BY_POINTS, DECIDABLE_AT, MONTHLY, TEAM_WIN, award_id, close, sold
from tests.web.door import CHEAP
from tests.web.worlds import PASSWORD, answer_for

MODULES = ("bonuses", "payroll", "awards")
LATER = DECIDABLE_AT + timedelta(hours=1)
FRAGMENT = {"HX-Request": "true"}
ROLES = {"ana": "rep", "bia": "manager", "eva": "rep", "dora": "manager", "fabio": "manager", "enzo": "admin"}


def build(session: Session) -> None:
    """Propose five awards of 2026-Q4, two of team-win and by-points each and best-rep in kind, and one of 2026-10."""
    sold(session, TEAM_WIN, BY_POINTS, BEST_REP, MONTHLY)
    close(session, "2026-10")
    close(session)
    for name, role in ROLES.items():
        email = f"{name}@example.com"
        add_user(session, email=email, role=role, password=PASSWORD, now=LATER, by=COMMAND_LINE, costs=CHEAP)
    for name in ("bia", "dora"):
        answer_for(session, name, "all")
    answer_for(session, "fabio", "own", "South")


def stand_at(monkeypatch: pytest.MonkeyPatch, now) -> None:
    """Let the pages of bonuses be asked for at an instant."""
    for module in MODULES:
        monkeypatch.setattr(f"leaderboard.web.{module}.utc_now", lambda: now)


def path(session: Session, programme: str, name: str, verb: str = "") -> str:
    """Return the managers' address of an award, and of what is done with it."""
    return f"/manage/bonuses/{award_id(session, programme, name)}{verb and f'/{verb}'}"


def article(page: str, number: int) -> str:
    """Return the part of a page that shows an award."""
    start = page.index(f'<article id="award-{number}"')
    return page[start : page.index("</article>", start)]


def actor_of(session: Session, name: str) -> Actor:
    """Return one of the people as services name them."""
    mine = UserAccount.email == f"{name}@example.com"
    return Actor(*session.execute(select(UserAccount.email, UserAccount.id, UserAccount.member_id).where(mine)).one())
