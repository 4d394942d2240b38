"""Webhooks in as administrators keep them: added, changed, removed, each noted; mappings tried before they count."""

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import HookRefused, Refused
from leaderboard.domain.mapping import parse_mapping
from leaderboard.domain.signatures import KINDS
from leaderboard.services import hooks
from leaderboard.services.mappings import built_in_mappings
from leaderboard.services.sealing import Seal
from leaderboard.storage.connection_tables import Hook, HookDelivery
from leaderboard.storage.tables import EventRow
from leaderboard.storage.trail_tables import AuditEntry
from tests.domain.hook_bodies import ODOO, as_json
from tests.services.examples import NOW, count, set_up

SEAL = Seal(["a key of the tests"])
BY = Actor("enzo@example.com")
HOW = {"now": NOW, "by": BY}
CLIENT_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"


def add(session, kind, *, slug="", secret="", name="Our CRM"):
    return hooks.add_hook(session, kind=kind, name=name, slug=slug, secret=secret, seal=SEAL, **HOW)


def test_each_kind_begins_with_a_mapping_that_is_no_mapping_of_files():
    assert all(parse_mapping(hooks.default_mapping(kind)).templates for kind in KINDS)
    assert not set(KINDS) & set(built_in_mappings())


def test_a_secret_is_made_or_given_and_stored_sealed_and_an_address_is_found(session):
    set_up(session)
    made = [add(session, "odoo"), add(session, "odoo"), add(session, "hubspot", secret=CLIENT_SECRET, slug="hs")]
    assert [hooks.find_hook(session, each, seal=SEAL, now=NOW).slug for each, _ in made] == ["odoo", "odoo-2", "hs"]
    assert [secret is None for _, secret in made] == [False, False, True]
    stored = str(session.execute(select(*Hook.__table__.c)).all())
    assert not [each for each in (CLIENT_SECRET, made[0][1]) if each in stored]
    assert hooks.find_hook(session, made[0][0], seal=Seal(["another"]), now=NOW).is_sealed
    assert hooks.rotate(session, made[0][0], "", seal=Seal(["another"]), **HOW) is not None
    assert not hooks.find_hook(session, made[0][0], seal=Seal(["another"]), now=NOW).is_sealed


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("problem", "given"),
    [
        ("kind", {"kind": "x"}),
        ("name", {"name": " "}),
        ("name", {"name": "n" * (hooks.LONGEST_NAME + 1)}),
        ("slug", {"slug": "taken"}),
        ("slug", {"slug": "a/b"}),
        ("slug", {"slug": "a" * 41}),
        ("secret", {"kind": "hubspot", "secret": "s" * (hooks.SHORTEST_SECRET - 1)}),
        ("secret", {"kind": "hubspot", "secret": "s" * (hooks.LONGEST_SECRET + 1)}),
    ],
)
def test_what_cannot_be_added_says_at_which_field(session, problem, given):
    set_up(session)
    add(session, "generic", slug="taken", name="n" * hooks.LONGEST_NAME)
    add(session, "hubspot", slug="a" * 40, secret="s" * hooks.SHORTEST_SECRET)
    with pytest.raises(HookRefused) as refused:
        add(session, **{"kind": "generic", **given})
    assert refused.value.problem == problem


def test_without_a_key_no_secret_can_be_kept(session):
    set_up(session)
    with pytest.raises(Refused, match="SECRET_KEY is not set"):
        hooks.add_hook(session, kind="odoo", name="Odoo", slug="", secret="", seal=Seal(()), **HOW)
    assert count(session, Hook) == 0


def test_each_change_is_noted_without_a_secret_and_what_is_removed_leaves_its_events(session):
    set_up(session)
    hook_id, secret = add(session, "salesforce")
    hooks.rotate(session, hook_id, "", seal=SEAL, **HOW)
    hooks.end_former_secret(session, hook_id, seal=SEAL, **HOW)
    hooks.set_organisation(session, hook_id, "00Dxx0000001gPL", seal=SEAL, **HOW)
    hooks.set_active(session, hook_id, False, **HOW)
    hooks.set_active(session, hook_id, True, **HOW)
    hooks.change_mapping(session, hook_id, hooks.default_mapping("generic").replace("\n", "\r\n"), **HOW)
    for wrong in ("x", "a = 1", "\0", "#" * (hooks.LONGEST_MAPPING + 1)):
        with pytest.raises(Refused):
            hooks.change_mapping(session, hook_id, wrong, **HOW)
    with pytest.raises(HookRefused, match="00D"):
        hooks.set_organisation(session, hook_id, "001xx0000001gPL", seal=SEAL, **HOW)
    assert hooks.find_hook(session, hook_id, seal=SEAL, now=NOW).mapping == hooks.default_mapping("generic")
    hooks.remove_hook(session, hook_id, **HOW)
    with pytest.raises(HookRefused, match="no such webhook"):
        hooks.remove_hook(session, hook_id, **HOW)
    noted = session.execute(select(AuditEntry.action, AuditEntry.about, AuditEntry.after)).all()
    actions = [action for action, about, _ in noted if about == "hook salesforce"]
    assert actions == [
        f"hook.{each}"
        for each in "added secret-changed secret-ended organisation paused resumed mapping-changed removed".split()
    ]
    assert secret not in str(noted)
    assert (count(session, Hook), count(session, HookDelivery)) == (0, 0)


def test_a_mapping_is_tried_on_a_body_and_nothing_is_stored(session):
    set_up(session)
    body = as_json({**ODOO, "user_id": "hs-1", "_model": "crm.lead"}).decode()
    mapping = hooks.default_mapping("odoo")
    found = hooks.preview(session, "odoo", "odoo", mapping, body, now=NOW)
    assert [(row["type"], result.outcome) for row, result in found.events] == [
        ("lead.received", "new"),
        ("lead.assigned", "new"),
        ("lead.followed_up", "new"),
    ]
    assert "date_open" in found.columns
    unknown = hooks.preview(session, "odoo", "odoo", mapping, as_json(ODOO).decode(), now=NOW)
    assert [result.outcome for _, result in unknown.events] == ["new", "parked", "parked"]
    odd = hooks.preview(
        session,
        "odoo",
        "odoo",
        'decimal_mark = ","\n' + mapping,
        body.replace('"stage_id": 2', '"stage_id": 4').replace('"date_closed": false', '"date_closed": "2026-10-06"'),
        now=NOW,
    )
    assert [(result.outcome, result.column) for _, result in odd.events][-1] == ("refused", "amount")
    assert hooks.preview(session, "odoo", "odoo", mapping, "[]", now=NOW).rows == 0
    assert "not TOML" in hooks.preview(session, "odoo", "odoo", "[", body, now=NOW).problem
    assert "not JSON" in hooks.preview(session, "odoo", "odoo", mapping, "{", now=NOW).problem
    assert count(session, EventRow) == 0
