"""Drafting in the browser: forms that cannot produce an invalid agreement, and lose nothing that was typed."""

import io

import pytest
from werkzeug.datastructures import MultiDict

from leaderboard.domain.agreement_edits import PARTS, keys_of
from leaderboard.domain.agreement_text import document_of
from leaderboard.services.drafting import list_drafts, read_draft
from leaderboard.web.draft_forms import KINDS
from tests.services.examples import SPEED, WINS, agreement
from tests.web.drafting import DRAFTS, agreed, begin, form_of, plain
from tests.web.test_markup import Markup
from tests.web.worlds import NOW

SLA = {
    "title": "Every lead is answered",
    "side": "sales",
    "participant": "member",
    "kind": "response_time",
    "from": "lead.assigned",
    "to": "lead.accepted",
    "clock": "working",
    "credit": "owner",
    "met": "4",
    "met_unit": "h",
    "exceeded": "30",
    "exceeded_unit": "m",
    "met_points": "5",
    "exceeded_points": "8",
}


@pytest.fixture(autouse=True)
def _moment(monkeypatch):
    for name in ("agreements", "drafts", "draft_pages", "proposals"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW)


@pytest.fixture
def dora(reader):
    return reader("dora")


@pytest.fixture
def draft(dora, session):
    return begin(session)


def send(client, draft_id, part="sla", **form):
    return client.post(f"{DRAFTS}/{draft_id}/{part}", data=MultiDict({"revision": "1", **form}))


@pytest.mark.databases("sqlite")
def test_every_form_sends_what_it_shows_so_that_saving_it_changes_nothing(dora, draft, session):
    before = read_draft(session, draft)
    for part in PARTS:
        for key in keys_of(document_of(before.agreement(), "BRL"), part):
            address = f"{DRAFTS}/{draft}/{part}"
            filled = form_of(dora, dora.get(address, query_string={"key": key}).request.full_path)
            answer = dora.post(address, data={**filled.to_dict(flat=False), "revision": read(session, draft).revision})
            assert (answer.status_code, answer.location) == (303, f"{DRAFTS}/{draft}#{part}"), (key, answer.text)
    filled = form_of(dora, f"{DRAFTS}/{draft}/head")
    assert dora.post(f"{DRAFTS}/{draft}/head", data=filled).status_code == 303
    assert agreed(session, draft) == before.agreement()


def read(session, draft_id):
    session.rollback()
    return read_draft(session, draft_id)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("language", ["en-US", "pt-BR"])
def test_numbers_are_shown_and_read_in_the_readers_language(dora, draft, session, language):
    before = agreed(session, draft)
    for part, key in (("sla", "conversion"), ("sla", "pipeline"), ("bonus", "win")):
        page = dora.get(f"{DRAFTS}/{draft}/{part}?key={key}", headers={"Accept-Language": language})
        shown = {"conversion": "30.5", "pipeline": "1000", "win": "1000.5"}[key]
        assert f'value="{shown if language == "en-US" else shown.replace(".", ",")}"' in page.text
    form = {"was": "conversion", "key": "conversion", "title": "One in five", "kind": "rate_of_events", "side": "sales"}
    form |= {"participant": "member", "of": "lead.accepted", "in": "lead.converted", "at_least": "10"}
    form |= {"met": "20", "exceeded": "30,5" if language == "pt-BR" else "30.5", "met_points": "40"}
    form |= {"exceeded_points": "60", "revision": "1"}
    answer = dora.post(f"{DRAFTS}/{draft}/sla", data=form, headers={"Accept-Language": language})
    assert answer.status_code == 303
    assert agreed(session, draft) == before


def test_a_promise_is_added_at_the_end_under_a_key_made_of_its_title(dora, draft, session):
    answer = send(dora, draft, **SLA)
    assert (answer.status_code, answer.location) == (303, f"{DRAFTS}/{draft}#sla")
    added = agreed(session, draft).slas[-1]
    assert (added.key, added.title, added.met_points) == ("every-lead-is-answered", SLA["title"], 5)
    assert send(dora, draft, **SLA | {"revision": "2"}).status_code == 303
    assert agreed(session, draft).slas[-1].key == "every-lead-is-answered-2"


@pytest.mark.databases("sqlite")
def test_event_types_that_are_not_listed_can_be_written(dora, draft, session):
    types = {"from": "", "from_more": "ticket.opened, ticket.moved", "to_more": "ticket.closed"}
    assert send(dora, draft, **SLA | types).status_code == 303
    measure = agreed(session, draft).slas[-1].measure
    assert measure.from_types == {"ticket.opened", "ticket.moved"}
    assert measure.to_types == {"lead.accepted", "ticket.closed"}
    page = dora.get(f"{DRAFTS}/{draft}/sla?kind=count").text
    assert 'value="ticket.moved"' in page
    assert 'value="lead.won-elsewhere"' not in page


WRONG = [
    ({"title": ""}, "title", "Give a text of at most 400 characters"),
    ({"title": "x" * 401}, "title", "Give a text of at most 400 characters"),
    ({"side": "finance"}, "side", "Choose a side"),
    ({"participant": ""}, "participant", "Choose who is measured"),
    ({"key": "Not a key"}, "key", "Give a short name of lower-case letters"),
    ({"key": "speed"}, "key", "Another one has this name already"),
    ({"from": ""}, "from", "Choose a kind of event"),
    ({"to_more": "Disposed"}, "to", "Choose a kind of event"),
    ({"pause_more": "lead.assigned"}, "pause", "stands in two places"),
    ({"met": ""}, "met", "Give a target"),
    ({"met": "four"}, "met", "Give a target"),
    ({"met_unit": "weeks"}, "met", "Give a target"),
    ({"exceeded": "5", "exceeded_unit": "h"}, "exceeded", "easier to reach"),
    ({"void_within": "-1", "void_within_unit": "d"}, "void_within", "Give a whole number with its unit"),
    ({"remind": "0", "remind_unit": "h"}, "remind", "more than 0, at most 31 days"),
    ({"remind": "9", "remind_unit": "h"}, "remind", "longer than the target for met"),
    ({"remind": "an hour", "remind_unit": "h"}, "remind", "Give a whole number with its unit"),
    ({"met_points": "-1"}, "met_points", "Give a whole number from 0"),
    ({"met_points": "1e9"}, "met_points", "Give a whole number from 0"),
    ({"exceeded_points": "4"}, "exceeded_points", "earns less"),
    ({"kind": "count", "of": "lead.won", "met": "0", "exceeded": ""}, "met", "Give a target"),
    ({"kind": "count", "of": "lead.won", "met": "3", "exceeded": "2"}, "exceeded", "easier to reach"),
    ({"kind": "sum", "of": "lead.won", "met": "1.005", "exceeded": ""}, "met", "Give a target"),
    ({"kind": "sum", "of": "", "met": "1", "exceeded": ""}, "of", "Choose a kind of event"),
    (
        {"kind": "rate_of_sla", "of_sla": "wins", "met": "90", "exceeded": ""},
        "of_sla",
        "a rate is of the results of one",
    ),
    ({"kind": "rate_of_sla", "of_sla": "paused", "met": "90", "exceeded": ""}, "of_sla", "measured by team"),
    ({"kind": "rate_of_sla", "of_sla": "speed", "met": "101", "exceeded": ""}, "met", "Give a target"),
    ({"kind": "rate_of_sla", "of_sla": "speed", "met": "90", "exceeded": "", "at_least": "0"}, "at_least", "from 1 to"),
    ({"kind": "completion", "met": "", "exceeded": ""}, "met", "Give a target"),
]


@pytest.mark.databases("sqlite")
def test_what_cannot_be_so_is_said_at_its_field_and_nothing_typed_is_lost(dora, draft, session):
    before = read(session, draft).document
    for changes, field, sentence in WRONG:
        answer = send(dora, draft, **SLA | changes)
        assert answer.status_code == 422, changes
        error = answer.text.split(f'id="field-{field}-error">')
        assert len(error) == 2, (changes, plain(answer.text))
        assert sentence in error[1].split("</p>")[0], changes
        assert f'href="#field-{field}"' in answer.text
        for name, typed in (SLA | changes).items():
            if typed and name not in ("side", "participant", "met_unit", "kind", "of_sla", "to", "credit"):
                assert f'value="{typed}"' in answer.text or "kind" in changes, (changes, name)
    assert read(session, draft).document == before


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"place": ""}, "places", "Give amounts, or prizes in kind"),
        ({"prize": "A dinner"}, "places", "Give amounts, or prizes in kind"),
        ({"place": "ten"}, "places", "Give each amount as digits"),
        ({"place": "0"}, "places", "Give each amount as digits"),
        ({"key": "dinner"}, "key", "Another one has this name"),
    ],
)
def test_what_cannot_be_so_of_a_bonus_is_said_at_its_field(dora, draft, changes, field, sentence):
    form = {"period": "month", "participant": "team", "side": "", "tie": "split", "divide": "equally", "place": "12.50"}
    answer = send(dora, draft, "bonus", **form | changes)
    assert answer.status_code == 422
    assert sentence in answer.text.split(f'id="field-{field}-error">')[1].split("</p>")[0]
    assert send(dora, draft, "bonus", **form).status_code == 303


@pytest.mark.databases("sqlite")
def test_a_definition_needs_its_word_and_the_head_its_month(dora, draft):
    answer = send(dora, draft, "definitions", word="MQL", meaning="Another <script>")
    assert answer.status_code == 422
    assert "Another one has this name already" in answer.text
    assert "Another &lt;script&gt;" in answer.text
    wrong = [("", "3"), ("2027-01-02", "3"), ("2024-01-01", "3"), ("2027-02-01", "0"), ("2027-02-01", "often")]
    for day, review in wrong:
        form = {"revision": "1", "title": "B", "effective_from": day, "review_every_months": review}
        answer = dora.post(f"{DRAFTS}/{draft}/head", data=form)
        assert answer.status_code == 422, form
        assert 'value="B"' in answer.text


@pytest.mark.databases("sqlite")
def test_the_last_promise_and_one_that_a_rate_is_of_are_not_removed(dora, draft, session):
    answer = dora.post(f"{DRAFTS}/{draft}/sla/remove", data={"revision": "1", "key": "speed"})
    assert answer.status_code == 422
    assert "a rate is of the results of one" in plain(answer.text)
    alone = begin(session, WINS)
    answer = dora.post(f"{DRAFTS}/{alone}/sla/remove", data={"revision": "1", "key": "wins"})
    assert answer.status_code == 422
    assert "An agreement needs at least one promise" in plain(answer.text)


def test_entries_are_moved_and_removed(dora, draft, session):
    acts = [("sla/move", "wins"), ("sla/remove", "pipeline"), ("bonus/remove", "win")]
    for revision, (act, key) in enumerate(acts, 1):
        answer = dora.post(f"{DRAFTS}/{draft}/{act}", data={"revision": str(revision), "key": key, "to": "up"})
        assert answer.status_code == 303, answer.text
    found = agreed(session, draft)
    assert [sla.key for sla in found.slas][:3] == ["wins", "speed", "on-time"]
    assert [bonus.key for bonus in found.bonuses] == ["dinner"]


def test_of_two_editors_the_later_is_told_what_is_so_now_and_keeps_what_they_typed(reader, draft, session):
    enzo, form = reader("enzo"), {"was": "speed", "key": "speed", **SLA}
    assert send(enzo, draft, **form | {"title": "What Enzo wrote"}).status_code == 303
    answer = send(reader("dora"), draft, **form | {"title": "What Dora wrote"})
    assert answer.status_code == 409
    assert "Somebody has changed this draft meanwhile" in answer.text
    assert "What Enzo wrote" in answer.text
    assert 'value="What Dora wrote"' in answer.text
    assert agreed(session, draft).slas[0].title == "What Enzo wrote"
    again = send(reader("dora"), draft, **form | {"title": "What Dora wrote", "revision": "2"})
    assert again.status_code == 303
    assert 'name="revision" value="2"' in answer.text


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("head", {"title": "B", "effective_from": "2027-02-01"}),
        ("definitions", {"was": "MQL", "word": "MQL", "meaning": "typed"}),
        ("sla", {"was": "gone", "key": "gone", **SLA}),
        ("sla/remove", {"key": "gone"}),
        ("sla/move", {"key": "wins", "to": "up", "revision": "7"}),
        ("discard", {"revision": "7"}),
        ("propose", {"revision": "7"}),
        ("sign", {"side": "sales", "digest": "0" * 64}),
        ("take-back", {}),
    ],
)
def test_what_was_changed_meanwhile_is_a_conflict_for_every_form(dora, draft, path, form):
    revision = "1" if form.get("was") == "gone" or form.get("key") == "gone" else "7"
    answer = dora.post(f"{DRAFTS}/{draft}/{path}", data={"revision": revision, **form})
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text


@pytest.mark.databases("sqlite")
def test_another_kind_of_measure_shows_its_fields_and_keeps_what_was_typed(dora, draft):
    page = send(dora, draft, **SLA | {"kind": "count", "only": "fields"})
    assert page.status_code == 200
    assert 'id="field-of"' in page.text
    assert 'value="Every lead is answered"' in page.text
    assert 'id="field-from"' not in page.text


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("source", "title", "day"),
    [
        ("version:1", "A", "2027-03-01"),
        ("start:speed-to-lead", "Speed to lead", "2027-03-01"),
        ("file", "A", "2027-05-01"),
    ],
)
def test_a_draft_starts_from_a_version_a_ready_made_agreement_or_a_file(dora, session, source, title, day):
    text = agreement(SPEED, effective_from="2027-05-01")
    data = {"source": source, "effective_from": "2027-03-01", "language": "en", "file": (text_file(text), "a.toml")}
    answer = dora.post(f"{DRAFTS}/new", data=data)
    assert answer.status_code == 303
    (draft,) = list_drafts(session, "draft")
    assert answer.location == f"{DRAFTS}/{draft.id}"
    assert (draft.title, str(draft.agreement().effective_from)) == (title, day)
    assert dora.get(answer.location).status_code == 200
    if source == "file":
        assert draft.document == text


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({}, "Choose a month"),
        ({"source": "version:9", "effective_from": "2027-03-01"}, "Choose where the draft starts from"),
        ({"source": "start:other", "effective_from": "2027-03-01"}, "Choose where the draft starts from"),
        ({"source": "version:1", "effective_from": "2027-03-02"}, "Choose a month"),
        ({"source": "file"}, "Choose a file first"),
    ],
)
def test_what_starts_no_draft_is_said(dora, session, form, told):
    answer = dora.post(f"{DRAFTS}/new", data=form)
    assert (answer.status_code, told in plain(answer.text)) == (422, True)
    assert list_drafts(session, "draft") == []


@pytest.mark.databases("sqlite")
def test_a_file_with_mistakes_starts_no_draft_and_each_is_said(dora, session):
    text = agreement(SPEED.replace("8h", "x").replace('"sales"', '"finance"'))
    answer = dora.post(f"{DRAFTS}/new", data={"source": "file", "file": (text_file(text), "a.toml")})
    assert answer.status_code == 422
    assert "&#34;finance&#34;; expected &#34;sales&#34;" in answer.text
    assert "&#34;x&#34; is not a duration" in answer.text
    answer = dora.post(f"{DRAFTS}/new", data={"source": "file", "file": (text_file("\xff".encode("latin-1")), "a")})
    assert "is not UTF-8" in answer.text


def text_file(content):
    return io.BytesIO(content if isinstance(content, bytes) else content.encode())


@pytest.mark.databases("sqlite")
def test_parts_of_a_ready_made_agreement_are_added(dora, draft, session):
    answer = dora.post(f"{DRAFTS}/{draft}/add", data={"revision": "1", "start": "pipeline", "language": "pt_BR"})
    assert answer.status_code == 303
    added = agreed(session, draft).slas[-3:]
    assert [sla.key for sla in added] == ["opportunities", "deals-won", "qualified-leads"]
    assert added[0].title == "Quatro oportunidades por mês de cada pessoa"
    assert dora.post(f"{DRAFTS}/{draft}/add", data={"revision": "2", "start": "none"}).status_code == 400


@pytest.mark.databases("sqlite")
def test_the_comparison_tells_what_changed_in_words_and_folds_the_rest(dora, session):
    draft = begin(session, SPEED.replace('met = "8h"', 'met = "4h"') + 'remind = "1h"\n', WINS)
    page = plain(dora.get(f"{DRAFTS}/{draft}/compare").text)
    assert "Target for met before: at most 8 hours now: at most 4 hours" in page
    assert "Reminder before: \N{EN DASH} now: A reminder comes when 1 hour of working time is left." in page
    assert "In force from before: January 1, 2026 now: January 1, 2027" in page
    assert "wins New" in page
    same = plain(dora.get(f"{DRAFTS}/{begin(session, SPEED, effective_from='2026-01-01')}/compare").text)
    assert "It says the same as the agreement in force." in same
    assert "1 unchanged" in same


@pytest.mark.databases("sqlite")
def test_each_page_of_a_draft_is_sound_and_takes_few_statements_however_long_it_is(dora, draft, query_counter):
    forms = ["/sla", *(f"/sla?kind={kind}" for kind in KINDS), "/sla?key=paused", "/definitions?key=MQL", "/bonus"]
    for path in ("", "/compare", "/document", "/head", *forms, "/bonus?key=dinner"):
        dora.get(f"{DRAFTS}/{draft}{path}")
        with query_counter() as statements:
            answer = dora.get(f"{DRAFTS}/{draft}{path}")
        assert (answer.status_code, Markup(answer.text).faults) == (200, []), path
        assert len(statements) <= 9, (path, statements)
    refused = send(dora, draft, **SLA | {"met": "", "from": ""})
    assert Markup(refused.text).faults == []
