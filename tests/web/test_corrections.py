"""What changed in closed months, as managers see it (P5)."""

import pytest

from leaderboard.domain.periods import parse_period
from leaderboard.services.corrections import corrections_of, list_corrections
from tests.factories import ids_of
from tests.web import worlds

PATH = "/manage/corrections"
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def corrected(session, world):
    """October is closed; then Bia's late lead and two of Ana's come in."""
    worlds.close_october(session)
    worlds.hand_in_late(session, "bia")
    for lead in ("second", "third"):
        worlds.hand_in_late(session, "ana", lead=lead)
    return session


@pytest.mark.databases("sqlite")
def test_only_managers_and_administrators_see_them(reader):
    assert [reader(name).get(PATH).status_code for name in ("ana", "dora", "enzo")] == [403, 200, 200]


def test_p5_a_correction_says_who_what_from_what_to_what_and_why(corrected, reader):
    bia = list_corrections(corrected).corrections[-1]
    assert (bia.name, bia.sla, bia.subject, bia.corrects, bia.month) == (
        "Bia Souza",
        "speed",
        "late",
        "2026-10",
        "2026-11",
    )
    assert (bia.level_before, bia.points_before, bia.level_after, bia.points_after) == ("none", 0, "exceeded", 10)
    assert (bia.difference, bia.because) == (10, "events")
    page = reader("dora").get(PATH).text
    row = page[page.index(f'<tr id="correction-{bia.id}"') :]
    for text in (
        "Bia Souza",
        "late",
        "October 2026",
        "Nothing, 0",
        "Exceeded, 10",
        "November 2026: +10",
        "came in late",
    ):
        assert text in row[: row.index("</tr>")]


def test_they_are_found_by_the_closed_month_and_by_where_their_points_went(corrected, reader):
    dora = reader("dora")
    counts = {
        asked: dora.get(f"{PATH}?{asked}", headers=FRAGMENT).text.count('<tr id="correction-')
        for asked in ("", "period=2026-11", "period=2026-Q4", "period=2026-10", "corrects=2026-10", "corrects=2026-11")
    }
    assert list(counts.values()) == [3, 3, 3, 0, 3, 0]
    assert dora.get(f"{PATH}?period=now").status_code == 400
    assert "Nothing was corrected" in dora.get(f"{PATH}?corrects=2026-09").text


def test_a_member_has_theirs_of_the_months_that_are_asked_for(corrected):
    ids, november = ids_of(corrected), parse_period("2026-11")
    assert [each.subject for each in corrections_of(corrected, ids["ana"], [november])] == ["third", "second"]
    assert corrections_of(corrected, ids["ana"], [november.previous]) == ()


def test_pages_follow_each_other_at_the_same_cost(corrected, query_counter):
    first = list_corrections(corrected, page_size=2)
    second = list_corrections(corrected, page_size=2, older_than=first.older_than)
    assert [each.subject for each in first.corrections + second.corrections] == ["third", "second", "late"]
    assert second.older_than is None
    with query_counter() as statements:
        list_corrections(corrected)
    assert len(statements) <= 4, statements
