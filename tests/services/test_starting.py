"""Ready-made agreements: valid, complete, the same promises in both languages, with texts of their own."""

from datetime import date, timedelta

import pytest

from leaderboard.domain.agreement import SlaRate
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.agreement_text import document_of, write_document
from leaderboard.domain.inbound import KNOWN_TYPES
from leaderboard.domain.organisation_file import LANGUAGES
from leaderboard.domain.rules import event_types_of
from leaderboard.services.starting import STARTS, add_start, start_text, version_text
from tests.services.examples import set_up

DAY = date(2027, 1, 1)


def read(name, language="en", currency="BRL"):
    return parse_agreement(start_text(name, language, DAY), currency)


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("currency", ["BRL", "JPY", "KWD"])
def test_each_is_an_agreement_in_every_language_and_currency(name, currency):
    both = [read(name, language, currency) for language in LANGUAGES]
    assert {each.effective_from for each in both} == {DAY}
    assert len({each.title for each in both}) == len(LANGUAGES)
    promises = [[(sla.key, sla.side, sla.measure, sla.levels, sla.points_of) for sla in each.slas] for each in both]
    assert [each[:4] for each in promises[0]] == [each[:4] for each in promises[1]]
    titles = zip(*([sla.title for sla in each.slas] for each in both), strict=True)
    assert all(one != other for one, other in titles)


@pytest.mark.parametrize("name", STARTS)
def test_each_defines_its_words_and_is_reviewed(name):
    agreement = read(name)
    assert agreement.definitions
    assert agreement.review_on > DAY + timedelta(days=80)
    for sla in agreement.slas:
        assert sla.levels.exceeded is not None
        assert 0 < sla.met_points < sla.exceeded_points
        unknown = set() if isinstance(sla.measure, SlaRate) else event_types_of(sla.measure) - KNOWN_TYPES
        assert unknown <= {"lead.rejected"}


def test_all_of_them_fit_together_in_one_agreement():
    document = document_of(read("handoff"), "BRL")
    for name in STARTS[1:]:
        assert add_start(document, name, "en", "BRL")
        assert add_start(document, name, "en", "BRL") == []
    together = parse_agreement(write_document(document), "BRL")
    assert len(together.slas) == 16


def test_a_version_starts_a_draft_that_takes_effect_on_another_day(session):
    set_up(session)
    text = version_text(session, 1, DAY)
    assert parse_agreement(text, "BRL").effective_from == DAY
    assert [sla.key for sla in parse_agreement(text, "BRL").slas] == [
        "speed",
        "wins",
        "pipeline",
        "on-time",
        "training",
    ]
    assert version_text(session, 2, DAY) is None
