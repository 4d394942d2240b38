"""Wrong files of people, organisations, agreements: a sentence with place and remedy, and nothing is stored."""

import io

import pytest

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import Refused
from leaderboard.services.agreeing import agreement_versions, load_agreement
from leaderboard.services.importing import ImportOptions, import_events
from leaderboard.services.organising import load_organisation, show_organisation
from leaderboard.services.people import MOST_PROBLEMS, load_people
from leaderboard.storage.tables import Member
from tests.services.examples import HEADER, NOW, ORGANISATION, PEOPLE, SPEED, agreement, count, set_up

AGREEMENT = agreement(SPEED)
pytestmark = pytest.mark.databases("sqlite")  # what is refused here never reaches the database


def refusal(load, *arguments):
    with pytest.raises(Refused) as refused:
        load(*arguments, now=NOW, by=COMMAND_LINE)
    return str(refused.value)


@pytest.mark.parametrize(
    ("there", "instead", "reason"),
    [
        ("Ana", "A\0na", "line 2: the row holds a NUL byte; remove it."),
        ("Ana", "A\x1b[31m", r'line 2, column name: "A\x1b[31m" holds a control character; remove it.'),
        ("Ana", '"A\nna"', r'line 2, column name: "A\nna" holds a control character'),
        ("Ana", "A" * 401, "line 2, column name: is longer than 400 characters."),
        ("ana@example.com", "@", 'line 2, column email: "@" is not an e-mail address; expected one such as'),
        ("2026-01-01,,rep,hs-1", "0001-01-01,,rep,hs-1", "line 2, column from: 0001-01-01 lies outside the years 1970"),
        ("2026-10-15,rep", "9999-12-31,rep", "line 3, column until: 9999-12-31 lies outside the years 1970 to 2199"),
        ("2026-10-15,rep", "15/10/2026,rep", 'line 3, column until: "15/10/2026" is not a date; expected one such as'),
        ("caio@", '"caio@', "line 5: the row is not CSV: a quotation mark is never closed"),
        (",side", ",\x1b[31m,side", "line 1: column"),
        (",side", "", "line 1: column side is missing; the columns are email,name,team,side,from"),
        ("role,", "name,", 'line 1: column "name" stands twice'),
        ("\n", "\r", "line 1: the lines end in CR alone"),
    ],
)
def test_people_that_are_wrong_are_refused_whole_with_line_and_remedy(session, there, instead, reason):
    set_up(session)
    before = count(session, Member)
    content = PEOPLE.replace(there, instead).encode()
    assert refusal(load_people, session, io.BytesIO(content)).startswith(reason)
    assert count(session, Member) == before


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_people_in_utf_16_are_refused_with_the_remedy(session, encoding):
    set_up(session)
    assert "is UTF-16, not UTF-8; save it as" in refusal(load_people, session, io.BytesIO(PEOPLE.encode(encoding)))


def test_people_in_utf_8_with_a_mark_semicolons_and_spaces_are_taken(session):
    set_up(session)
    content = PEOPLE.replace(";", "").replace(",", " ; ").replace("\n", "\r\n")
    assert load_people(session, io.BytesIO(b"\xef\xbb\xbf" + content.encode()), now=NOW, by=COMMAND_LINE).members == 4


def test_of_very_many_wrong_people_the_first_are_named_and_all_are_counted(session):
    set_up(session)
    text = refusal(load_people, session, io.BytesIO(b"email,name,team,side,from\n" + b"x,x,x,x,x\n" * 70_000))
    assert text.count("\n") == MOST_PROBLEMS
    assert text.endswith("\n… and 69,950 more.")


LONG = "x" * 900_000
CASES = [
    ("z = " + "[" * 10_000 + "]" * 10_000, "nested too deeply"),
    ("z = " + "9" * 5_000, "a number that is too large"),
    ("TITLE = 0x" + "f" * 9_000, "a number of thousands of digits"),
    (f'TITLE = "{LONG}"', "x…"),
    (r'TITLE = "\u001b[31m"', r"\x1b[31m"),
    (r'TITLE = "\u0000"', r"\x00"),
    (r'TITLE = "\ud800"', "is not TOML"),
    ("TITLE = true", "= true; expected a text"),
    ("TITLE = 0001-01-01", "= 0001-01-01; expected a text"),
    (r'"\u001b[31m" = 1', r"\x1b[31m is not a known key"),
    ("z = 1\nz = 2", "is not TOML: Cannot overwrite a value (at line"),
]


@pytest.mark.parametrize(("line", "reason"), CASES)
@pytest.mark.parametrize("kind", ["organisation", "agreement"])
def test_toml_that_is_wrong_is_refused_in_short_visible_sentences(session, kind, line, reason):
    set_up(session)
    before = (show_organisation(session), agreement_versions(session))
    head, load, text = {
        "organisation": ('name = "Aurora"', load_organisation, ORGANISATION),
        "agreement": ('title = "A"', load_agreement, AGREEMENT),
    }[kind]
    is_title = line.startswith("TITLE")
    new = line.replace("TITLE", head.split()[0]) if is_title else f"{head}\n{line}"
    said = refusal(load, session, text.replace(head, new, 1))
    assert reason in said
    assert len(said) < 500
    assert all(each.isprintable() for each in said.split("\n"))
    assert (show_organisation(session), agreement_versions(session)) == before


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_t2_days_of_a_calendar_lie_within_1970_to_2199(session, day):
    assert "expected a list of dates of 1970 to 2199" in refusal(
        load_organisation, session, f"{ORGANISATION}closed = [{day}]\n"
    )


@pytest.mark.parametrize("place", ["__class__", "BR-ZZ", "XX", "", "A" * 10_000])
def test_t2_holidays_of_no_country_are_refused(session, place):
    said = refusal(load_organisation, session, f'{ORGANISATION}holidays = "{place}"\n')
    assert 'is not known; give a country such as "BR"' in said
    assert len(said) < 300


def test_spaces_around_cells_are_no_part_of_them(session):
    set_up(session)
    lines = f"{HEADER}\ne1,2026-10-05T09:00,lead.assigned,L1,ana@example.com,,,,,\n".replace(",", " , ")
    report = import_events(session, io.BytesIO(lines.encode()), ImportOptions(), now=NOW, by=COMMAND_LINE)
    assert (report.new, report.refused) == (1, 0)
