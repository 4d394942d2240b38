"""What a display may be told to show: its settings and their text, codes, names, the night, and the clock's slide."""

from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from leaderboard.domain.agreement import SIDES
from leaderboard.domain.displays import (
    CODE_LETTERS,
    LONG_LOOP_SECONDS,
    MARGINS,
    NAMES,
    OF_PEOPLE,
    SECONDS,
    SLIDES,
    THEMES,
    TOP,
    Settings,
    Slide,
    code_of,
    from_text,
    is_night,
    new_code,
    shown_name,
    slide_at,
    to_text,
)
from leaderboard.domain.errors import DisplayRefused
from leaderboard.domain.organisation_file import LANGUAGES

MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
SLIDE_LISTS = st.lists(
    st.builds(Slide, st.sampled_from(SLIDES), st.sampled_from(SECONDS)), min_size=1, unique_by=lambda slide: slide.kind
).map(tuple)
SETTINGS = st.builds(
    Settings,
    slides=SLIDE_LISTS,
    shows_people=st.booleans(),
    names=st.sampled_from(NAMES),
    top=st.sampled_from(TOP),
    side=st.sampled_from([None, *SIDES]),
    language=st.sampled_from([None, *LANGUAGES]),
    theme=st.sampled_from(THEMES),
    moves=st.booleans(),
    celebrates=st.booleans(),
    has_sound=st.booleans(),
    margin=st.sampled_from(MARGINS),
    night=st.none() | st.tuples(MINUTES, MINUTES).filter(lambda night: night[0] != night[1]),
)
NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


# Settings


@given(SETTINGS)
def test_settings_come_back_from_their_text_as_they_were(settings):
    assert from_text(to_text(settings)) == settings


@given(SETTINGS, SETTINGS)
def test_equal_settings_have_the_same_text_and_others_another(one, other):
    assert (to_text(one) == to_text(other)) == (one == other)


def test_what_another_version_stored_is_read_as_far_as_this_one_knows_it():
    stored = (
        to_text(Settings(top=5)).replace('"top":5', '"top":5,"weather":true').replace('["movers",15]', '["news",9]')
    )
    kinds = tuple(kind for kind in SLIDES if kind != "movers")
    assert from_text(stored) == Settings(slides=tuple(map(Slide, kinds)), top=5)
    assert from_text(stored.replace('"theme":"dark",', "")) == from_text(stored)


@pytest.mark.parametrize(
    ("wrong", "what", "says"),
    [
        ({"slides": ()}, "slides", "A display needs at least one slide."),
        ({"slides": (Slide("pulse"), Slide("pulse", 30))}, "slides", "Each slide can stand on a display once only."),
        ({"slides": (Slide("weather"),)}, "slides", "slides is weather; expected quarter-teams, month-people, "),
        ({"slides": (Slide("pulse", 4),)}, "seconds", "seconds is 4; expected 5 to 300."),
        ({"slides": (Slide("pulse", 301),)}, "seconds", "seconds is 301; expected 5 to 300."),
        ({"names": "email"}, "names", "names is email; expected full, initial, nickname."),
        ({"top": 2}, "top", "top is 2; expected 3 to 20."),
        ({"top": 21}, "top", "top is 21; expected 3 to 20."),
        ({"side": "support"}, "side", "side is support; expected None, sales, marketing."),
        ({"language": "fr"}, "language", "language is fr; expected None, en, pt_BR."),
        ({"theme": "pink"}, "theme", "theme is pink; expected dark, light, auto."),
        ({"margin": 7}, "margin", "margin is 7; expected 5, 10."),
        ({"night": (time(20), time(20))}, "night", "The night begins and ends at the same time"),
    ],
)
def test_settings_that_no_display_can_have_are_refused_with_what_is_expected(wrong, what, says):
    with pytest.raises(DisplayRefused) as refused:
        Settings(**wrong)
    assert refused.value.what == what
    assert str(refused.value).startswith(says)


@pytest.mark.parametrize("right", [{"top": 3}, {"top": 20}, {"slides": (Slide("pulse", 5), Slide("message", 300))}])
def test_the_bounds_of_settings_are_within_them(right):
    assert Settings(**right) != Settings()


def test_s2_a_display_of_teams_only_leaves_out_the_slides_of_people_and_their_seconds():
    everything = Settings()
    teams = Settings(shows_people=False)
    assert everything.shown == everything.slides
    assert [slide.kind for slide in teams.shown] == [kind for kind in SLIDES if kind not in OF_PEOPLE]
    assert (everything.loop_seconds, teams.loop_seconds) == (8 * 15, 6 * 15)
    assert everything.loop_seconds <= LONG_LOOP_SECONDS  # what is offered first warns of nothing


# Codes


def test_a_code_has_eight_letters_none_of_which_looks_like_another():
    assert not set("01IL2Z5OS") & set(CODE_LETTERS)
    code = new_code(Random(1).choice)
    assert len(code) == 8
    assert set(code) <= set(CODE_LETTERS)
    assert new_code(Random(2).choice) != code


@given(st.text(CODE_LETTERS, min_size=8, max_size=8), st.lists(st.tuples(st.integers(0, 8), st.sampled_from(" -\t\n"))))
def test_a_code_is_known_however_it_is_typed(code, between):
    typed = list(code.lower())
    for place, each in between:
        typed.insert(place, each)
    assert code_of("".join(typed)) == code


@pytest.mark.parametrize("typed", ["", "ABCDEFG", "ABCDEFGHJ", "ABCDEFG0", "ABCDEFGI", "ABCD_FGH", "ÀBCDEFGH"])
def test_what_can_be_no_code_is_none(typed):
    assert code_of(typed) is None


# Names


@pytest.mark.parametrize(
    ("name", "nickname", "style", "shown"),
    [
        ("Ana Beatriz  Moraes", None, "full", "Ana Beatriz Moraes"),
        ("Ana Beatriz Moraes", "Bia", "full", "Ana Beatriz Moraes"),
        ("Ana Beatriz Moraes", "Bia", "initial", "Ana M."),
        ("Ana Beatriz Moraes", "Bia", "nickname", "Bia"),
        ("Ana Beatriz Moraes", None, "nickname", "Ana M."),
        ("Ana Beatriz Moraes", "@", "nickname", "Ana M."),
        ("Ana", None, "initial", "Ana"),
        ("Élise Östberg", None, "initial", "Élise Ö."),
        ("ana.moraes@example.com", None, "full", "ana.moraes"),
        ("ana.moraes@example.com", None, "initial", "ana.moraes"),
        ("Ana ana@example.com", None, "full", "Ana ana"),
        ("Ana", "ana@example.com", "nickname", "ana"),
        ("Ana", "@ana", "nickname", "ana"),
        ("hs-17", None, "full", "hs-17"),
    ],
)
def test_a_name_is_shown_as_a_display_is_told_to(name, nickname, style, shown):
    assert shown_name(name, nickname, style) == shown


@given(st.text("ab.@ \té", max_size=20), st.none() | st.text("xy@ ", max_size=9), st.sampled_from(NAMES))
@example("@a@b", "@x@y", "nickname")
def test_no_email_is_ever_shown(name, nickname, style):
    shown = shown_name(name, nickname, style)
    assert "@" not in shown
    assume(name.strip("@ \t"))
    assert shown.strip()  # and somebody who has a name is shown by one


# The night


@given(st.tuples(MINUTES, MINUTES), MINUTES)
@example((time(19), time(7)), time(7))
@example((time(19), time(7)), time(19))
@example((time(0), time(6)), time(0))
def test_a_night_is_from_its_start_up_to_its_end_also_past_midnight(night, at):
    start, end = night
    assume(start != end)
    minutes, each = set(), start
    while each != end:
        minutes.add(each)
        each = (datetime.combine(NOON, each) + timedelta(minutes=1)).time()
    assert is_night(night, datetime.combine(NOON, at)) == (at in minutes)
    assert is_night(night, datetime.combine(NOON, at).replace(second=59, microsecond=999_999)) == (at in minutes)


def test_without_a_night_it_is_never_night():
    assert not any(is_night(None, NOON.replace(hour=hour)) for hour in range(24))


# The clock


@given(SLIDE_LISTS, st.integers(0, 7 * 10**9), st.integers(0, 999_999))
def test_the_slide_is_that_of_the_clock_as_when_each_second_of_the_loop_is_counted(slides, seconds, micros):
    loop = [index for index, slide in enumerate(slides) for _ in range(slide.seconds)]
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros)
    assert slide_at(slides, at) == loop[seconds % len(loop)]


def test_each_slide_shows_for_its_seconds_to_the_moment():
    slides = (Slide("pulse", 5), Slide("message", 7))
    begins = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=12 * 1_000_000)
    shown = [slide_at(slides, begins + timedelta(seconds=second)) for second in range(13)]
    assert shown == [0] * 5 + [1] * 7 + [0]
    assert slide_at(slides, begins + timedelta(seconds=4, microseconds=999_999)) == 0
    assert slide_at(slides, (begins + timedelta(seconds=5)).astimezone(tz=None)) == 1
