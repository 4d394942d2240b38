"""What each sees with a token: what they see in the browser, nothing of another team; in pages, by few statements."""

import sys

import pytest
from sqlalchemy import select

from leaderboard.storage.tables import AttainmentRow, PointEntry
from tests.services.examples import csv_of, hand_in
from tests.web import access_world
from tests.web.access_world import NOW, SECRETS
from tests.web.api import Program, token_of
from tests.web.test_access import MAY_KNOW, OWN

LISTS = (
    "/people",
    "/attainments?period=2026-10",
    "/attainments?period=2026-Q4",
    "/attainments/waiting",
    "/points",
    "/badges",
    "/bonuses",
    "/periods",
    "/agreements",
    "/standings?period=2026-10&scope=member",
)


@pytest.fixture
def seen(app, session, monkeypatch):
    """What access_world builds, and a program of each of its people."""
    for name, module in list(sys.modules.items()):
        if name.startswith("leaderboard.web.") and hasattr(module, "utc_now"):
            monkeypatch.setattr(module, "utc_now", lambda: NOW)
    world = access_world.build(session)
    world.programs = {
        name: Program(app.test_client(), token_of(session, name, "read", now=NOW))
        for name in ("ana", "caio", "dora", "fabio", "enzo")
    }
    session.rollback()
    return world


# Everybody sees who won which badge, and who stands on the board, under which e-mail or id.
PUBLIC = {"ana@example.com", "caio@example.com"}


@pytest.mark.databases("sqlite", "postgresql")
def test_a_token_sees_what_its_account_sees_and_nothing_of_another_team(seen):
    for name, program in seen.programs.items():
        known = MAY_KNOW.get(name, set())
        secrets = {each for team, theirs in SECRETS.items() if team not in known for each in theirs}
        secrets -= OWN.get(name, set()) | PUBLIC
        secrets = {each.replace(".", "") for each in secrets}  # amounts are minor units
        for path in LISTS:
            told = program.get(path).text.lower()
            assert [each for each in secrets if each in told] == [], (name, path)
    ana, dora, fabio, enzo = (seen.programs[name] for name in ("ana", "dora", "fabio", "enzo"))
    assert {each["participant"] for each in ana.whole("/attainments?period=2026-10", 2)} == {"ana@example.com"}
    assert {each["team"] for each in dora.whole("/points", 3)} == {"North"}
    assert {each["because"] for each in ana.whole("/points", 3)} == {None, "North reason"}
    assert [each["member"] for each in ana.whole("/people", 1)] == ["ana@example.com"]
    assert {each["team"] for each in fabio.whole("/people", 1)} == {"South"}
    assert len(enzo.whole("/people", 2)) == 7
    won = {each["participant"]: each for each in ana.whole("/bonuses", 1)}
    assert won["South"]["amount_minor"] is won["South"]["status"] is None
    assert won["North"]["amount_minor"] == 73100
    assert [each["member"] for each in won["North"]["shares"]] == ["ana@example.com"]
    assert len({each["participant"]: each for each in dora.whole("/bonuses", 1)}["North"]["shares"]) > 1


@pytest.mark.databases("sqlite", "postgresql")
def test_pages_hold_every_row_once_and_none_twice_while_others_come_in(seen, session):
    enzo = seen.programs["enzo"]
    for path in LISTS:
        whole = enzo.whole(path, 500)
        assert enzo.whole(path, 2) == whole, path
    assert {each["id"] for each in enzo.whole("/points", 500)} == set(session.scalars(select(PointEntry.id)))
    in_october = select(AttainmentRow.id).where(AttainmentRow.month == "2026-10", AttainmentRow.level != "none")
    known = set(session.scalars(in_october))
    session.rollback()
    assert {each["id"] for each in enzo.whole("/attainments?period=2026-10", 3)} == known
    first = enzo.get("/points?limit=5").json
    late = [
        f"new-{kind},2026-11-10T1{hour}:00Z,lead.{kind},late,bia@example.com"
        for hour, kind in ((3, "assigned"), (4, "disposed"))
    ]
    hand_in(session, csv_of(*late), now=NOW)
    rest = enzo.whole(first["next"].removeprefix("/api/v1").replace("limit=5&", ""), 500)
    ids = [each["id"] for each in (*first["items"], *rest)]
    assert len(ids) == len(set(ids)) == session.query(PointEntry).count()


@pytest.mark.databases("sqlite", "postgresql")
def test_standings_are_read_in_pages_that_agree_with_the_whole(seen):
    enzo = seen.programs["enzo"]
    for asked in ("scope=member", "scope=team", "scope=team&by=average", "scope=member&side=sales"):
        for period in ("2026-10", "2026-Q4", "2026-12"):  # the last has no standings yet
            path = f"/standings?period={period}&{asked}"
            whole = enzo.whole(path, 500)
            assert whole, path
            assert enzo.whole(path, 1) == whole, path
    board = enzo.get("/standings?period=2026-10&scope=team").json
    assert (board["is_closed"], board["by"], board["side"]) == (True, "total", None)


def test_standings_that_have_not_changed_cost_one_statement(seen, session, query_counter):
    ana, path = seen.programs["ana"], "/standings?period=2026-11&scope=member"
    first = ana.get(path)
    tag = first.headers["ETag"]
    assert not tag.startswith("W/")
    assert first.headers["Cache-Control"] == "private, no-cache"
    with query_counter() as statements:
        again = ana.get(path, If_None_Match=tag)
    assert (again.status_code, again.data, again.headers["ETag"], len(statements)) == (304, b"", tag, 1)
    assert seen.programs["dora"].get(path).headers["ETag"] == tag  # it says the same to everybody
    hand_in(session, csv_of("l1,2026-11-18T13:00Z,lead.assigned,x,bia@example.com"), now=NOW)
    assert ana.get(path, If_None_Match=tag).status_code == 304  # other scores, the same standings
    lead = ["l2,2026-11-18T13:05Z,lead.disposed,x,bia@example.com"]
    hand_in(session, csv_of(*lead), now=NOW)
    changed = ana.get(path, If_None_Match=tag)
    assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)


COSTS = {  # statements of a page, whoever asks, the token's own among them
    "/token": 2,
    "/people": 4,
    "/agreements": 4,
    "/agreements/1": 4,
    "/standings?period=2026-10&scope=member": 7,
    "/attainments?period=2026-10": 4,
    "/attainments/waiting": 4,
    "/points": 4,
    "/badges": 3,
    "/bonuses": 11,
    "/periods": 2,
}


def test_every_read_takes_few_statements_however_many_rows_it_has(seen, query_counter):
    for name in ("ana", "dora", "enzo"):
        program = seen.programs[name]
        program.get("/token")  # takes its requests of the minute
        for path, most in COSTS.items():
            for limit in ("limit=1", "limit=500"):
                asked = path if path in ("/token", "/agreements/1") else f"{path}{'&' if '?' in path else '?'}{limit}"
                with query_counter() as statements:
                    assert program.get(asked).status_code == 200
                assert len(statements) <= most, (name, asked, statements)
