"""Webhooks in over HTTP, and their pages: a CRM is connected in minutes, and no secret is ever told again."""

import base64
import hashlib
import hmac
import json
import re
from datetime import datetime

import pytest
from sqlalchemy import select

from leaderboard.domain.payloads import MOST_BYTES
from leaderboard.storage.connection_tables import Hook, HookDelivery, ParkedEvent
from leaderboard.storage.tables import EventRow
from leaderboard.web import hooks as web_hooks
from leaderboard.web.means import whole_url
from tests.domain.hook_bodies import HUBSPOT_EVENT, LEAD, ODOO, as_json, notification, soap
from tests.services.examples import count
from tests.services.test_hooks import CLIENT_SECRET
from tests.web.worlds import NOW

PATH = "/manage/hooks"
ACK = "<Ack>true</Ack>"


def add(client, **form):
    """Add a webhook by the page, and return the page."""
    answer = client.post(PATH, data={"name": "Our <b>CRM</b>", "slug": "crm", **form})
    assert answer.status_code == 200, answer.text
    return answer.text


def secret_of(page):
    return re.search(r'class="secret-text"><code>([^<]+)</code>', page)[1]


def hook_of(session):
    session.rollback()
    return session.execute(select(*Hook.__table__.c)).one()


def hubspot(client, events, secret=CLIENT_SECRET, address="http://localhost/hooks/crm"):
    body, stamp = as_json(events), str(int(datetime.now(NOW.tzinfo).timestamp() * 1000))
    signature = hmac.new(secret.encode(), f"POST{address}".encode() + body + stamp.encode(), hashlib.sha256).digest()
    headers = {
        "X-HubSpot-Signature-v3": base64.b64encode(signature).decode(),
        "X-HubSpot-Request-Timestamp": stamp,
    }
    return client.post("/hooks/crm", data=body, headers=headers, content_type="application/json")


def generic(client, secret, found, path="/hooks/crm"):
    body, stamp = json.dumps(found).encode(), str(int(datetime.now(NOW.tzinfo).timestamp()))
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return client.post(
        path, data=body, headers={"X-Leaderboard-Timestamp": stamp, "X-Leaderboard-Signature": f"sha256={signature}"}
    )


def basic(secret):
    return {"Authorization": "Basic " + base64.b64encode(f"leaderboard:{secret}".encode()).decode()}


def test_hubspot_is_connected_and_an_owner_whom_nobody_knows_is_named(app, session, reader):
    enzo, crm = reader("enzo"), app.test_client()
    wrong = enzo.post(PATH, data={"kind": "hubspot", "name": "HubSpot", "secret": "my-secret-9"})
    assert (wrong.status_code, "my-secret-9" in wrong.text) == (422, False)
    page = add(enzo, kind="hubspot", secret=CLIENT_SECRET)
    assert "http://localhost/hooks/crm" in page
    assert "Our &lt;b&gt;CRM&lt;/b&gt;" in page
    assert CLIENT_SECRET not in page
    answer = hubspot(crm, [HUBSPOT_EVENT])
    assert (answer.status_code, answer.json) == (200, {"accepted": True, "repeated": False})
    assert hubspot(crm, [HUBSPOT_EVENT]).json == {"accepted": True, "repeated": True}
    assert hubspot(crm, [HUBSPOT_EVENT], secret="another client secret").status_code == 401
    assert count(session, ParkedEvent) == 1
    page = enzo.get(f"{PATH}/unknown").text
    assert "<code>hs-1</code>" in page
    form = {"unknown": "hs-1", "member": "Nobody"}
    assert enzo.post(f"{PATH}/unknown/claim", data=form).status_code == 422
    told = enzo.post(f"{PATH}/unknown/claim", data=form | {"member": "ana@example.com"}, follow_redirects=True).text
    assert "hs-1 is known now; 1 event that waited is taken." in told
    session.rollback()
    kept = session.execute(select(EventRow.type).where(EventRow.source == "crm")).scalars().all()
    assert kept == ["lead.assigned"]
    page = enzo.get(f"{PATH}/{hook_of(session).id}").text
    assert "1 delivery was refused within 15 minutes" in page
    assert "1 new" in page


def test_the_address_that_the_settings_say_is_signed_too(app, session, reader):
    add(reader("enzo"), kind="hubspot", secret=CLIENT_SECRET)
    public = "https://board.example.com/hooks/crm"
    assert hubspot(app.test_client(), [], address=public).status_code == 401
    means = app.extensions["means"]
    app.extensions["means"] = type(means)(seal=means.seal, address="https://board.example.com")
    assert hubspot(app.test_client(), [], address=public).status_code == 200
    assert public in reader("enzo").get(f"{PATH}/{hook_of(session).id}").text


def test_below_a_path_a_crm_is_given_that_path_once_and_may_have_signed_it_so(app):
    means, path = app.extensions["means"], {"RAW_URI": "/board/hooks/crm?a=1"}
    known = type(means)(seal=means.seal, address="https://sla.example.com/board")
    for each, address in ((means, "http://inside:8000/board"), (known, "https://sla.example.com/board")):
        app.extensions["means"] = each
        with app.test_request_context("/hooks/crm?a=1", base_url="http://inside:8000/board", environ_overrides=path):
            assert whole_url("hooks.deliver", slug="crm") == f"{address}/hooks/crm"
            assert web_hooks._addresses()[0] == f"{address}/hooks/crm?a=1"


def test_salesforce_gets_its_own_answer_and_its_key_is_told_nowhere(app, session, reader, caplog, monkeypatch):
    enzo, crm = reader("enzo"), app.test_client()
    page = add(enzo, kind="salesforce")
    key = secret_of(page)
    assert f"/hooks/crm/{key}" in page
    assert f"Bearer {key}" in page
    answer = crm.post(f"/hooks/crm/{key}", data=soap(notification(1, **LEAD)), content_type="text/xml")
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert ACK in answer.text
    assert 'xmlns="http://soap.sforce.com/2005/09/outbound"' in answer.text
    assert crm.post("/hooks/crm", json={**LEAD, "object": "Lead"}, headers={"Authorization": f"Bearer {key}"}).json
    refused = [crm.post(f"/hooks/crm/{key}x", data=b"<a/>"), crm.post(f"/hooks/other/{key}"), crm.post("/hooks/crm")]
    refused += [crm.post(f"/hooks/crm/{key}", data=b"<a/>"), crm.get(f"/hooks/crm/{key}")]
    with monkeypatch.context() as breaking:
        breaking.setattr(web_hooks, "receive", lambda *_args, **_options: 1 / 0)
        refused.append(crm.post(f"/hooks/crm/{key}"))
    assert [each.status_code for each in refused] == [401, 404, 401, 422, 405, 500]
    shapes = {each.mimetype: sorted(each.json) for each in refused if each.status_code != 405}
    assert shapes == {"application/problem+json": ["detail", "status", "type"]}
    hook_id = hook_of(session).id
    pages = [enzo.get(f"{PATH}/{hook_id}").text, *(each.text for each in refused)]
    assert key not in "".join(pages) + caplog.text + str(hook_of(session))


def test_what_is_too_large_is_refused(app, reader):
    secret = secret_of(add(reader("enzo"), kind="odoo"))
    crm = app.test_client()
    body = as_json(ODOO).ljust(MOST_BYTES)
    assert crm.post("/hooks/crm", data=body, headers=basic(secret)).status_code == 200
    assert crm.post("/hooks/crm", data=body + b" ", headers=basic(secret)).status_code == 413
    assert crm.post("/hooks/crm", data=body, headers=basic("x")).status_code == 401


def test_a_secret_changes_while_the_former_one_still_counts(app, session, reader):
    enzo, crm = reader("enzo"), app.test_client()
    old = secret_of(add(enzo, kind="odoo"))
    hook_id = hook_of(session).id
    new = secret_of(enzo.post(f"{PATH}/{hook_id}/secret").text)
    assert [crm.post("/hooks/crm", data=b"{}", headers=basic(each)).status_code for each in (old, new)] == [200, 200]
    page = enzo.get(f"{PATH}/{hook_id}").text
    assert "The secret before the present one counts too, until" in page
    assert not [each for each in (old, new) if each in page]
    enzo.post(f"{PATH}/{hook_id}/secret/end")
    assert [crm.post("/hooks/crm", data=b"{}", headers=basic(each)).status_code for each in (old, new)] == [401, 200]
    enzo.post(f"{PATH}/{hook_id}/pause")
    paused = crm.post("/hooks/crm", data=b"{}", headers=basic(new))
    assert (paused.status_code, paused.headers["Retry-After"]) == (503, "3600")
    enzo.post(f"{PATH}/{hook_id}/resume")
    assert crm.post("/hooks/crm", data=b"{}", headers=basic(new)).status_code == 200
    enzo.post(f"{PATH}/{hook_id}/remove")
    assert crm.post("/hooks/crm", data=b"{}", headers=basic(new)).status_code == 404


def test_a_mapping_is_tried_on_the_last_delivery_and_what_failed_taken_anew_with_it(app, session, reader):
    enzo, crm = reader("enzo"), app.test_client()
    secret = secret_of(add(enzo, kind="generic"))
    theirs = {"nr": "7", "when": "2026-11-05T10:00:00Z", "lead": {"id": "L<7>"}, "owner": "ana@example.com"}
    assert generic(crm, secret, theirs).status_code == 200
    hook_id, delivery = hook_of(session).id, session.execute(select(HookDelivery.id)).scalar_one()
    page = enzo.get(f"{PATH}/{hook_id}/deliveries/{delivery}").text
    assert "L&lt;7&gt;" in page
    assert "event_id: &#34;&#34; is empty; every event needs one" in page
    mapping = (
        '[[event]]\ntype = "lead.assigned"\nevent_id = "{nr}"\nsubject = "{lead.id}"\noccurred_at = "{when}"\n'
        'member = "{owner}"\n'
    )
    editor = f"{PATH}/{hook_id}/mapping"
    assert "L&lt;7&gt;" in enzo.get(editor).text
    form = {"mapping": mapping, "body": json.dumps([theirs, {**theirs, "nr": "8", "owner": "hs-9"}])}
    shown = enzo.post(f"{editor}/try", data=form, headers={"HX-Request": "true"}).text
    assert shown.count("lead.assigned") == 2
    assert "Would wait for a name" in shown
    assert "{lead.id}" in shown
    assert "<html" not in shown
    assert "no [[event]] of the mapping fits" in enzo.post(f"{editor}/try", data=form | {"body": "[]"}).text
    refused = enzo.post(editor, data=form | {"mapping": "[[event]]\ntype = 1"})
    assert (refused.status_code, "event number 1 of the mapping" in refused.text) == (422, True)
    assert enzo.post(editor, data=form).status_code == 303
    again = enzo.post(f"{PATH}/{hook_id}/deliveries/{delivery}/again", follow_redirects=True).text
    assert "Tried again: Taken." in again
    session.rollback()
    assert session.execute(select(EventRow.subject).where(EventRow.source == "crm")).scalars().all() == ["L<7>"]
    assert "lead.assigned" not in enzo.get(f"{editor}?standard=1").text.split("</textarea>")[0]


def test_what_waits_for_a_name_is_discarded_with_a_reason(app, session, reader):
    enzo, crm = reader("enzo"), app.test_client()
    secret = secret_of(add(enzo, kind="generic"))
    event = {"event_id": "1", "occurred_at": "2026-11-05T10:00:00Z", "type": "lead.assigned", "subject": "L"}
    generic(crm, secret, [event | {"member": "<i>x</i>"}, event | {"event_id": "2", "team": "West"}])
    page = enzo.get(f"{PATH}/unknown").text
    assert "&lt;i&gt;x&lt;/i&gt;" in page
    form = {"column": "team", "unknown": "West", "reason": "no"}
    assert enzo.post(f"{PATH}/unknown/discard", data=form).status_code == 422
    assert enzo.post(f"{PATH}/unknown/discard", data=form | {"reason": "A trial"}).status_code == 303
    assert count(session, ParkedEvent) == 1


def test_only_administrators_come_in_and_what_is_not_there_is_not_found(session, reader):
    enzo = reader("enzo")
    assert reader("dora").get(PATH).status_code == 403
    for path in ("999", f"{10**30}", "999/mapping", "999/deliveries/1"):
        assert enzo.get(f"{PATH}/{path}").status_code == 404
    for path in (
        "999/secret",
        "999/secret/end",
        "999/organisation",
        "999/pause",
        "999/remove",
        "999/deliveries/1/again",
    ):
        assert enzo.post(f"{PATH}/{path}").status_code == 404
    add(enzo, kind="salesforce")
    hook_id = hook_of(session).id
    assert enzo.get(f"{PATH}/{hook_id}/deliveries/{10**30}").status_code == 404
    assert enzo.get(f"{PATH}/{hook_id}?state=x").status_code == 400
    wrong = enzo.post(f"{PATH}/{hook_id}/organisation", data={"organisation": "001"})
    assert (wrong.status_code, 'value="001"' in wrong.text) == (422, True)


def test_the_pages_take_as_many_queries_however_much_came_in(app, session, reader, query_counter):
    enzo, crm = reader("enzo"), app.test_client()
    secret = secret_of(add(enzo, kind="generic"))

    def asked(path, most):
        with query_counter() as statements:
            assert enzo.get(path).status_code == 200
        assert len(statements) <= most, (path, statements)
        return len(statements)

    def event(number):
        at = "2026-11-05T10:00:00Z"
        return {
            "event_id": str(number),
            "occurred_at": at,
            "type": "lead.assigned",
            "subject": "L",
            "member": f"m{number}",
        }

    generic(crm, secret, [event(0)])
    paths = {PATH: 6, f"{PATH}/{hook_of(session).id}": 6, f"{PATH}/unknown": 8}
    before = [asked(path, most) for path, most in paths.items()]
    for number in range(1, 12):
        generic(crm, secret, [event(number)])
    assert [asked(path, most) for path, most in paths.items()] == before


@pytest.mark.browser
def test_an_administrator_connects_a_crm_in_the_browser_and_sees_the_preview_live(app, session, page, axe, live_server):
    from tests.web.worlds import PASSWORD, build

    build(session)
    page.goto("/sign-in?next=/manage/hooks")
    page.get_by_label("E-mail").fill("enzo@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    axe(page)
    page.get_by_label("Odoo").check()
    page.get_by_label("Name", exact=True).fill("Odoo")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("heading", name="What to enter in Odoo").wait_for()
    axe(page)
    page.get_by_role("link", name="Open the mapping").click()
    page.wait_for_url("**/mapping")
    page.wait_for_load_state("networkidle")  # before htmx is there nobody hears what is typed
    page.get_by_label("Try it on this").fill(as_json({**ODOO, "user_id": "x-1"}).decode())
    page.get_by_text("Would wait for a name").first.wait_for()
    axe(page)
