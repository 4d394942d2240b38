"""What the documents show is right: links lead somewhere, files can be loaded, mappings give what is said of them."""

import csv
import io
import re

import pytest

from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.bonuses import Contender, winners
from leaderboard.domain.mapping import EVENT_KEYS, HEAD_KEYS, parse_mapping
from leaderboard.domain.organisation_file import parse_organisation
from leaderboard.services.mappings import built_in_mappings
from tests.documents import DOCS, ROOT, blocks
from tests.services.examples import SPEED, agreement

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
DOCUMENTS = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
MAPPINGS = DOCS / "mappings.md"


def anchors(document):
    """Return the anchors that a page shows for its headings."""
    headings = HEADING.findall(document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document):
    for link in LINK.findall(document.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("organisation", sorted(DOCS.rglob("organisation.toml")), ids=lambda path: path.parent.name)
def test_an_example_can_be_loaded(organisation):
    currency = parse_organisation(organisation.read_text(encoding="utf-8")).currency
    for file in organisation.parent.glob("*.toml"):
        text = file.read_text(encoding="utf-8")
        if file.name == "agreement.toml":
            parse_agreement(text, currency)
        elif file != organisation:
            parse_mapping(text)


def test_the_files_shown_in_formats_can_be_loaded():
    organisation, agreement = blocks(DOCS / "formats.md", "toml")
    parse_agreement(agreement, parse_organisation(organisation).currency)


def test_the_programme_shown_among_the_bonuses_can_be_loaded_and_pays_what_is_said():
    (shown,) = blocks(DOCS / "bonuses.md", "toml")
    agreed = parse_agreement(agreement(SPEED, shown), "BRL")
    tied = [Contender(number, name, 5, 1) for number, name in enumerate("ABC")]
    assert [win.amount_minor for win in winners(agreed.bonuses[0], tied)] == [46_667, 46_667, 46_666]


def shown_mappings():
    return [block for block in blocks(MAPPINGS, "toml") if "[[event]]" in block]


def test_the_mappings_shown_can_be_read():
    assert len(shown_mappings()) == 3
    for block in shown_mappings():
        parse_mapping(block)


@pytest.mark.parametrize(
    ("number", "types"),
    [
        (0, ["lead.assigned", "lead.disposed", "lead.assigned"]),
        (
            1,
            [
                "ticket.resumed",
                *("ticket.assigned", "ticket.resumed"),
                *("ticket.assigned", "ticket.paused"),
                "ticket.resolved",
            ],
        ),
    ],
)
def test_a_mapping_shown_gives_events_of_the_rows_above_it(number, types):
    exports = [block for block in blocks(MAPPINGS, "") if not block.startswith("leaderboard")]
    rows = csv.DictReader(io.StringIO(exports[number]))
    mapping = parse_mapping(shown_mappings()[number])
    assert [event["type"] for row in rows for _, event in mapping.rows(row)] == types


def test_every_key_and_every_mapping_of_the_program_is_described():
    text = MAPPINGS.read_text(encoding="utf-8")
    for key in (*HEAD_KEYS, *EVENT_KEYS):
        assert f"`{key}`" in text or key == "event", key
    for name in built_in_mappings():
        assert f"| `{name}` |" in text, name
