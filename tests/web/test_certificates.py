"""Certificates: for whom there is one, what it says, and that it prints on one page."""

import re

import pytest
from sqlalchemy import select, update

from leaderboard.services.certificates import KINDS, newest_certificates, read_certificate
from leaderboard.storage.closing_tables import BadgeRow
from leaderboard.storage.tables import Member
from tests.web import worlds
from tests.web.test_pages import enter

LONG = "Maria Aparecida dos Santos Albuquerque Cavalcanti de Oliveira e Silva Neta Junqueira"


@pytest.fixture
def closed(session, world):
    worlds.close_october(session)
    return session


def id_of(session, key):
    session.rollback()  # a reading transaction of before would not become a writing one
    return session.scalar(select(BadgeRow.id).where(BadgeRow.key == key).order_by(BadgeRow.id).limit(1))


def test_the_rep_of_the_month_has_one_with_name_month_and_points(closed, reader):
    page = reader("ana").get(f"/certificates/{id_of(closed, 'rep-of-the-month')}").text
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index('<article class="certificate"') :]))
    for text in ("Aurora", "Rep of the month", "Bia Souza", "October 2026 · 40 points", "November 18, 2026"):
        assert text in words


@pytest.mark.databases("sqlite")
def test_the_reader_has_it_in_their_own_language(closed, reader):
    bia = reader("bia")
    bia.post("/language", data={"language": "pt_BR", "next": "/"})
    page = bia.get(f"/certificates/{id_of(closed, 'team-of-the-month')}").text
    assert "outubro de 2026" in page
    assert "18 de novembro de 2026" in page


def test_the_team_of_a_quarter_by_average_shows_what_decided(closed, reader):
    row = {"ground": '{"points":90,"members":4,"by":"average"}', "period": "2026-Q3", "occasion": "2026-Q3"}
    values = {"key": "team-of-the-quarter", "scope": "team", "participant_id": 1, "earned_at": worlds.NOW}
    closed.execute(BadgeRow.__table__.insert().values(**values, **row, awarded_at=worlds.NOW))
    closed.commit()
    page = reader("ana").get(f"/certificates/{id_of(closed, 'team-of-the-quarter')}").text
    assert "22.5 points a member" in page
    assert "Q3 2026" in page


@pytest.mark.databases("sqlite")
def test_other_badges_and_withdrawn_ones_have_none(closed, reader):
    ana = reader("ana")
    for badge_id in (id_of(closed, "first-met"), 99_999, 10**30):
        assert ana.get(f"/certificates/{badge_id}").status_code == 404
    closed.rollback()
    values = {"key": "rep-of-the-month", "scope": "member", "participant_id": 1, "earned_at": worlds.NOW}
    rest = {"ground": '{"points":1}', "period": "2026-11", "occasion": "x", "withdrawn_because": "changed"}
    withdrawn = BadgeRow.__table__.insert().values(**values, **rest, awarded_at=worlds.NOW, withdrawn_at=worlds.NOW)
    badge_id = closed.execute(withdrawn.returning(BadgeRow.id)).scalar_one()
    closed.commit()
    assert ana.get(f"/certificates/{badge_id}").status_code == 404


@pytest.mark.databases("sqlite")
def test_the_managers_home_leads_to_the_newest(closed, reader):
    page = reader("dora").get("/manage/").text
    found = newest_certificates(closed)
    assert {badge.key for badge in found} == set(KINDS[:2])
    assert all(f"/certificates/{badge.id}" in page for badge in found)
    assert read_certificate(closed, found[0].id) is not None


@pytest.mark.browser
def test_it_prints_on_one_page_of_a4_and_the_longest_name_is_whole(page, session, world):
    session.execute(update(Member).where(Member.key == "bia@example.com").values(name=LONG))
    session.commit()
    worlds.close_october(session)
    enter(page)
    page.goto(f"/certificates/{id_of(session, 'rep-of-the-month')}")
    name = page.locator(".certificate-name")
    assert name.evaluate("each => each.scrollHeight <= each.clientHeight")
    file = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", file)) == 1
    width, height = map(float, re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", file).groups())
    assert (round(width * 25.4 / 72), round(height * 25.4 / 72)) == (297, 210)
