"""What people and programs send that no database can store, or nobody would send who means well: never a 500."""

import io

import pytest

from tests.web.test_uploads import csv_of, hand_in

JUNK = ("a\0b", "America")  # America is a folder of time zones


@pytest.mark.databases("postgresql")  # SQLite stores what PostgreSQL refuses
def test_junk_is_refused_or_mended_wherever_it_is_sent(reader, app, session, world):
    enzo, anybody, wrong = reader("enzo"), app.test_client(), []
    place = hand_in(enzo, csv_of("n1,2026-11-05T09:00,lead.assigned,N1,ana@example.com"))
    enzo.post("/manage/hooks", data={"kind": "odoo", "name": "Odoo", "slug": "crm"})
    forms = {
        "/manage/imports/files": ("name", "size"),
        f"{place}/start": ("mapping", "source", "zone", "create"),
        f"{place}/map": ("toml", "name", "e0_type", "zone"),
        "/manage/hooks": ("kind", "name", "slug", "secret"),
        "/manage/hooks/1/mapping": ("mapping", "body"),
        "/manage/hooks/1/mapping/try": ("mapping", "body"),
        "/manage/hooks/1/organisation": ("organisation",),
        "/manage/hooks/unknown/claim": ("unknown", "member"),
        "/manage/hooks/unknown/discard": ("column", "unknown", "reason"),
        "/manage/webhooks": ("name", "address", "format", "kind", "language", "team"),
        "/me/tokens": ("name", "scope", "days"),
        "/me/notices": ("kind",),
    }
    usual = {
        "size": "9",
        "mapping": "ours",
        "do": "dry",
        "kind": "odoo",
        "name": "A name",
        "reason": "It is wrong",
        "unknown": "x",
        "column": "member",
        "member": "ana@example.com",
        "scope": "read",
        "days": "30",
        "address": "https://192.0.2.1/x",
        "format": "json",
        "language": "en",
        "body": "{}",
    }
    for junk in JUNK:
        for address, names in forms.items():
            for name in names:
                answer = enzo.post(address, data={**{each: usual.get(each, "") for each in names}, name: junk})
                wrong += [(address, name, junk)] if answer.status_code >= 500 else []
        answer = enzo.post("/manage/imports", data={"file": (io.BytesIO(b"x"), junk)})
        wrong += [("name", junk)] if answer.status_code >= 500 else []
    for address in ("/hooks/a%00b", "/hooks/a%00b/k%00", "/calendar/a%00b.ics", "/unsubscribe/a%00b"):
        answer = anybody.post(address, data=b"{}") if "hooks" in address else anybody.get(address)
        wrong += [address] if answer.status_code >= 500 else []
    assert wrong == []
