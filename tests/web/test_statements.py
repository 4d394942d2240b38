"""A member's statement: who sees it, what it says, and the file that its digest is made of."""

from hashlib import sha256

import pytest

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.accounts import add_user
from leaderboard.services.adjusting import adjust
from leaderboard.services.closing import close_period
from tests.factories import ids_of
from tests.services.bonus_examples import DORA, SALES
from tests.services.examples import PIPELINE, SPEED, WINS, agreement, log, set_up
from tests.services.test_statements import NOVEMBER
from tests.web.door import CHEAP
from tests.web.test_markup import Markup
from tests.web.worlds import PASSWORD, sign_in


def path(session, name, period="2026-Q4"):
    return f"/members/{ids_of(session)[name]}/statement/{period}"


def test_only_the_person_and_managers_see_a_statement(won_reader, session):
    for address in (path(session, "ana"), f"{path(session, 'ana')}/ledger.jsonl"):
        codes = [won_reader(name).get(address).status_code for name in ("ana", "dora", "enzo", "eva")]
        assert codes == [200, 200, 200, 404]


def test_b3_it_says_what_was_earned_how_each_share_came_about_and_what_it_rests_on(won_reader, session):
    eva = won_reader("eva")
    page = eva.get(path(session, "eva")).text
    for text in ("Q4 2026", '<strong dir="auto">Eva</strong>', "Final", "Closed on Jan 3, 2027", "November 2026"):
        assert text in page
    for text in (
        "Of R$500.00",
        "In equal parts: 2 people share",
        "R$250.00",
        "By points: 200 of 300; rounded up by R$0.01",
    ):
        assert text in page
    assert "in force from January 2026" in page
    assert "1 row, number" in page
    file = eva.get(f"{path(session, 'eva')}/ledger.jsonl")
    assert file.headers["Content-Disposition"].startswith("attachment; filename=")
    assert sha256(file.data).hexdigest() in page
    assert Markup(page).faults == []
    trip = won_reader("ana").get(path(session, "ana")).text
    assert ("A trip" in trip, "All of it: it was won alone" in trip) == (True, True)


def test_p5_p7_an_open_month_says_so_and_has_corrections_and_points_given_by_hand(app, session):
    set_up(session, agreement(SPEED, WINS, PIPELINE), now=NOVEMBER)
    log(session, SALES + "    10-05 09:00 lead.assigned ana subject=L1", now=NOVEMBER)
    close_period(session, "2026-10", by=COMMAND_LINE, now=NOVEMBER)
    log(session, "10-05 09:30 lead.disposed ana subject=L1", now=NOVEMBER)
    adjust(session, ids_of(session)["ana"], 7, "Helped <b>others</b>", "2026-11", by=DORA, now=NOVEMBER)
    add_user(
        session, email="ana@example.com", role="rep", password=PASSWORD, now=NOVEMBER, by=COMMAND_LINE, costs=CHEAP
    )
    app.config["WTF_CSRF_ENABLED"] = False
    page = sign_in(app.test_client(), "ana").get(path(session, "ana", "2026-11")).text
    for text in ("may still change", "Correction of October 2026", "Missed, 0", "Exceeded, 10", "November 2026: +10"):
        assert text in page
    assert "Helped &lt;b&gt;others&lt;/b&gt;" in page
    assert "+7" in page
    assert "217" in page
    assert Markup(page).faults == []


@pytest.mark.databases("sqlite")
def test_what_is_no_period_or_nobody_is_not_found(won_reader, session):
    dora = won_reader("dora")
    for address in (
        path(session, "ana", "2026-13"),
        "/members/4711/statement/2026-Q4",
        f"/members/{10**20}/statement/2026-Q4",
    ):
        assert dora.get(address).status_code == 404
        assert dora.get(f"{address}/ledger.jsonl").status_code == 404
    empty = dora.get(path(session, "caio", "2025-Q1")).text
    assert ("No points were earned" in empty, "None was in force." in empty, "No rows" in empty) == (True, True, True)
