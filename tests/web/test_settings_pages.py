"""The pages of the organisation: one source of truth, told before, and two at once do not undo each other's."""

import html
import io
import re

import pytest

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.organisation_file import parse_organisation
from leaderboard.services.organising import load_organisation, show_organisation
from leaderboard.storage.tables import Team
from tests.factories import ids_of
from tests.services.examples import ORGANISATION
from tests.web import door, worlds
from tests.web.worlds import NOW

PATH = "/manage/organisation"
HOURS = {f"hours_{day}": "09:00-12:00, 13:00-18:00" for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


@pytest.fixture(autouse=True)
def _moment(monkeypatch):
    monkeypatch.setattr("leaderboard.web.settings.utc_now", lambda: NOW)


def stored(session):
    session.rollback()
    return parse_organisation(show_organisation(session))


def digest(client, path=PATH):
    return re.search(r'name="digest" value="([^"]*)"', client.get(path).text)[1]


def text_of(answer):
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.text)).split())


HEAD = {
    "name": "Aurora Brasil",
    "time_zone": "America/Sao_Paulo",
    "currency": "brl",
    "language": "en",
    "grace_hours": "24",
    "quarter_winner_by": "average",
    "question_days": "5",
}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("name", ["ana", "dora"])
def test_only_administrators_come_in(reader, session, name):
    client, team = reader(name), ids_of(session, Team)["North"]
    gets = (PATH, f"{PATH}/file", f"{PATH}/calendar", f"{PATH}/calendars/{team}")
    posts = (PATH, f"{PATH}/file", f"{PATH}/calendar", f"{PATH}/calendars/{team}", f"{PATH}/calendars/{team}/remove")
    assert {client.get(path).status_code for path in gets} == {403}
    assert {client.post(path).status_code for path in posts} == {403}


def test_the_head_is_saved_and_two_at_once_do_not_undo_each_other(reader, session):
    enzo = reader("enzo")
    made_from = digest(enzo)
    assert enzo.post(PATH, data={**HEAD, "digest": made_from}).status_code == 303
    saved = stored(session)
    assert (saved.name, saved.currency, saved.language, saved.grace_hours) == ("Aurora Brasil", "BRL", "en", 24)
    assert (saved.quarter_winner_by, saved.question_days) == ("average", 5)
    assert saved.calendar == parse_organisation(ORGANISATION).calendar
    late = enzo.post(PATH, data={**HEAD, "name": "Aurora Ltda", "digest": made_from})
    assert late.status_code == 409
    assert "Somebody has changed the organisation meanwhile" in text_of(late)
    assert "It says now: Aurora Brasil" in text_of(late)
    assert 'value="Aurora Ltda"' in late.text
    again = re.search(r'name="digest" value="([^"]*)"', late.text)[1]
    saved = {**HEAD, "name": "Aurora Ltda", "language": "pt_BR", "digest": again}
    assert enzo.post(PATH, data=saved).status_code == 303
    assert (stored(session).name, stored(session).language) == ("Aurora Ltda", "pt_BR")


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "A name takes 1 to 200 characters"),
        ("time_zone", "Brasilia", "Choose a time zone from the list"),
        ("currency", "R$", "the three letters of a currency"),
        ("grace_hours", "1441", "a whole number of hours"),
        ("grace_hours", "-1", "a whole number of hours"),
        ("question_days", "1.5", "a whole number of days"),
        ("language", "fr", "Choose a language"),
        ("quarter_winner_by", "x", "Choose how a quarter is won"),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_nothing_is_saved(reader, session, field, value, words):
    enzo, before = reader("enzo"), stored(session)
    answer = enzo.post(PATH, data={**HEAD, "digest": digest(enzo), field: value})
    assert answer.status_code == 422
    assert words in html.unescape(re.search(rf'id="field-{field}-error" role="alert">(.*?)<', answer.text)[1])
    assert stored(session) == before


def test_k2_the_currency_stays_once_there_are_amounts(won_reader, session):
    enzo = won_reader("enzo")
    form = {**HEAD, "currency": "EUR", "digest": digest(enzo)}
    answer = enzo.post(PATH, data=form)
    assert answer.status_code == 422
    assert "they would mean something else" in text_of(answer)
    assert stored(session).currency == "BRL"


def test_a_calendar_is_previewed_then_saved_as_the_file_has_it(reader, session):
    enzo = reader("enzo")
    path = f"{PATH}/calendar"
    form = {
        **HOURS,
        "hours_friday": "9-12 13:00 \u2013 18:00; 22:00-06:00",
        "country": "BR",
        "region": "SP",
        "closed": ["2026-12-24", ""],
        "open_day": ["2026-11-21", ""],
        "open_hours": ["9-13", ""],
        "time_zone": "America/Sao_Paulo",
        "digest": digest(enzo, path),
    }
    before = stored(session)
    seen = enzo.post(path, data={**form, "preview": "1"})
    assert seen.status_code == 200
    assert "Preview: not saved yet" in text_of(seen)
    assert re.search(r"Nov 20 Closed \w{4}", text_of(seen))  # a public holiday, by its name
    assert "Nov 21 09:00-13:00 extra hours" in text_of(seen)
    assert stored(session) == before
    assert enzo.post(path, data=form).status_code == 303
    calendar = stored(session).calendar
    assert calendar.week[4] == ((540, 720), (780, 1080), (1320, 1800))
    assert calendar.holidays == "BR-SP"
    assert [day.isoformat() for day in calendar.closed] == ["2026-12-24"]
    assert calendar.opened == {next(iter(calendar.opened)): ((540, 780),)}
    assert enzo.post(path, data=form).status_code == 409


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict.fromkeys(HOURS, ""), "never open"),  # T6
        ({"hours_monday": "9 to 5"}, "Write hours such as"),
        ({"hours_monday": "25:00-26:00"}, "Write hours such as"),
        ({"closed": "tomorrow"}, "Write each day as a date"),
        ({"open_day": "2026-12-19", "open_hours": "x"}, "Write hours such as"),
        ({"open_day": "", "open_hours": "9-12"}, "Write each day as a date"),
        ({"country": "XX"}, "Choose a country"),
        ({"time_zone": "Here"}, "Choose a time zone"),
    ],
)
def test_t6_a_calendar_that_cannot_be_says_where_and_keeps_what_was_filled_in(reader, session, changes, words):
    enzo, before, path = reader("enzo"), stored(session), f"{PATH}/calendar"
    form = {**HOURS, "time_zone": "America/Sao_Paulo", "hours_sunday": "10:00-11:00", "digest": digest(enzo, path)}
    if not any(changes.values()):
        form["hours_sunday"] = ""
    answer = enzo.post(path, data={**form, **changes})
    assert (answer.status_code, words in text_of(answer)) == (422, True)
    assert all(f'value="{value}"' in answer.text for value in changes.values() if value not in ("", "XX"))
    assert stored(session) == before


def test_a_team_gets_a_calendar_of_its_own_and_gives_it_back(reader, session):
    enzo, north = reader("enzo"), ids_of(session, Team)["North"]
    path = f"{PATH}/calendars/{north}"
    assert "works by the organisation's calendar" in text_of(enzo.get(path))
    form = {"hours_monday": "08:00-16:00", "time_zone": "America/New_York", "digest": digest(enzo, path)}
    assert enzo.post(path, data=form).status_code == 303
    assert stored(session).team_calendars["North"].time_zone == "America/New_York"
    assert enzo.post(f"{path}/remove", data={"digest": digest(enzo, path)}).status_code == 303
    assert stored(session).team_calendars == {}
    for number in (999, 10**30):
        assert enzo.get(f"{PATH}/calendars/{number}").status_code == 404
        assert enzo.post(f"{PATH}/calendars/{number}/remove").status_code == 404


@pytest.mark.databases("sqlite")
def test_regions_come_with_their_country_with_and_without_a_script(reader, session):
    enzo, path = reader("enzo"), f"{PATH}/calendar"
    part = enzo.get(f"{path}?country=US", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div class="field" id="calendar-region"')
    assert "New York" in part
    page = enzo.post(path, data={**HOURS, "country": "BR", "regions": "1", "digest": "x"})
    assert (page.status_code, "São Paulo" in page.text) == (200, True)


def test_the_file_goes_out_and_comes_in_or_says_what_is_wrong(reader, session):
    enzo = reader("enzo")
    content, made_from = enzo.get(f"{PATH}/file").get_data(), digest(enzo)
    assert content.decode() == show_organisation(session)
    session.rollback()

    def load(sent, made_from=made_from):
        data = {"file": (io.BytesIO(sent), "organisation.toml"), "digest": made_from}
        return enzo.post(f"{PATH}/file", data=data)

    refused = load(content.replace(b"[calendar]", b"[calender]"))
    assert (refused.status_code, "calender is not a known key" in text_of(refused)) == (422, True)
    assert load(content.replace(b"Aurora", b"Aurora 2")).status_code == 303
    assert stored(session).name == "Aurora 2"
    assert load(content).status_code == 409
    assert enzo.post(f"{PATH}/file").status_code == 422


def test_a_new_name_scores_nothing_again_and_another_calendar_everything(reader, session, monkeypatch):
    done = []
    monkeypatch.setattr("leaderboard.services.organising.rescore", lambda *_args, **_how: done.append("all"))
    enzo = reader("enzo")
    enzo.post(PATH, data={**HEAD, "digest": digest(enzo)})
    assert (stored(session).name, done) == ("Aurora Brasil", [])
    form = {**HOURS, "time_zone": "America/Sao_Paulo", "hours_monday": "9-10", "digest": digest(enzo)}
    assert enzo.post(f"{PATH}/calendar", data=form).status_code == 303
    assert done == ["all"]


@pytest.mark.databases("sqlite")
def test_before_anything_is_set_up_the_form_begins_an_organisation(app, session):
    app.config["WTF_CSRF_ENABLED"] = False
    door.add_people(session)
    enzo = door.signed_in(app, door.ENZO)
    assert "Nothing is set up yet" in enzo.get(PATH).text
    assert enzo.get(f"{PATH}/file").status_code == 404
    assert enzo.get(f"{PATH}/calendars/1").status_code == 404
    assert enzo.post(PATH, data={**HEAD, "digest": ""}).status_code == 303
    assert stored(session).calendar.week[0] == ((540, 1080),)
    load_organisation(session, ORGANISATION, now=worlds.NOW, by=COMMAND_LINE)
    assert enzo.post(PATH, data={**HEAD, "digest": ""}).status_code == 409


def test_a_page_takes_few_statements(reader, session, query_counter):
    enzo, north = reader("enzo"), ids_of(session, Team)["North"]
    for path in (PATH, f"{PATH}/calendar", f"{PATH}/calendars/{north}"):
        enzo.get(path)
        with query_counter() as statements:
            assert enzo.get(path).status_code == 200
        assert len(statements) <= 8, path
