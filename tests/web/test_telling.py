"""What is told outside the pages is in its reader's language, whoever asks and wherever."""

from datetime import UTC, datetime
from threading import Thread

import pytest
from flask_babel import get_locale
from jinja2 import DictLoader

from leaderboard.domain.errors import Refused
from leaderboard.services.means import Means
from leaderboard.web.telling import Telling

FACTS = {"name": "Ana & Bia", "at": datetime(2026, 11, 5, 12, tzinfo=UTC), "much": 123_456}
LINES = {
    "told/line.txt": "{{ _('Bonus approved') }}: {{ name }}, {{ much|money('BRL') }}, {{ at|moment }}",
    "told/line.html": "<p>{{ _('Bonus approved') }}: {{ name }}</p>",
    "told/link.txt": "{{ page_url('members.show', member_id=7) }}",
}


def test_words_amounts_and_times_are_in_the_language_that_is_asked_for_on_any_thread(app):
    app.jinja_env.loader = DictLoader(LINES)
    told = []
    wording = app.extensions["means"].wording

    def tell():
        told.extend(wording.fill("told/line.txt", FACTS, language=language) for language in ("pt_BR", "en"))

    thread = Thread(target=tell)
    thread.start()
    thread.join()
    assert told == [
        "Bônus aprovado: Ana & Bia, R$\xa01.234,56, 5 de nov. de 2026, 12:00",
        "Bonus approved: Ana & Bia, R$1,234.56, Nov 5, 2026, 12:00\u202fPM",
    ]


def test_a_request_keeps_its_own_language(app):
    app.jinja_env.loader = DictLoader(LINES)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        before = get_locale()
        told = app.extensions["means"].wording.fill("told/line.html", FACTS, language="pt_BR")
        assert told == "<p>Bônus aprovado: Ana &amp; Bia</p>"
        assert get_locale() == before


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://board.example.com", "https://board.example.com/members/7"),
        ("http://intern:8000/sla", "http://intern:8000/sla/members/7"),
        (None, ""),
    ],
)
def test_links_lead_to_where_readers_find_us(app, address, link):
    app.jinja_env.loader = DictLoader(LINES)
    assert Telling(app, address).fill("told/link.txt", {}, language="en") == link


def test_without_the_application_there_are_no_words():
    with pytest.raises(Refused, match="put into words"):
        Means().wording.fill("told/line.txt", {}, language="en")
