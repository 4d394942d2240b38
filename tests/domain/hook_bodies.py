"""What each CRM sends: bodies as its documentation shows them, with people and leads of ours."""

import json

HUBSPOT_EVENT = {
    "eventId": 100,
    "subscriptionId": 11,
    "portalId": 62515,
    "appId": 54321,
    "occurredAt": 1791205200000,  # 2026-10-05T13:00:00Z, 10:00 in São Paulo
    "subscriptionType": "contact.propertyChange",
    "attemptNumber": 0,
    "objectId": 123,
    "changeFlag": "UPDATED",
    "changeSource": "CRM_UI",
    "sourceId": "userId:7",
    "propertyName": "hubspot_owner_id",
    "propertyValue": "hs-1",
}
HUBSPOT_DISPOSED = {
    **HUBSPOT_EVENT,
    "eventId": 101,
    "occurredAt": 1791207000000,
    "propertyName": "lifecyclestage",
    "propertyValue": "salesqualifiedlead",
}
ODOO = {
    "_action": "Send to the board(#123)",
    "_id": 42,
    "_model": "crm.lead",
    "id": 42,
    "create_date": "2026-10-05 12:00:00",
    "date_open": "2026-10-05 13:00:00",
    "date_last_stage_update": "2026-10-05 13:30:00",
    "date_closed": False,
    "user_id": 7,
    "stage_id": 2,
    "expected_revenue": 1500.0,
    "lost_reason_id": False,
}
PIPEDRIVE = {
    "data": {
        "id": "adf21080-0e10-11eb-879b-05d71fb426ec",
        "owner_id": 77,
        "title": "Lead of Ana",
        "label_ids": ["a", "b"],
        "value": {"amount": 123, "currency": "BRL"},
    },
    "previous": None,
    "meta": {
        "action": "create",
        "entity": "lead",
        "entity_id": "adf21080-0e10-11eb-879b-05d71fb426ec",
        "id": "e7a5c0ff-36c4-4a3b-a0a2-0a2f5d9f0a51",
        "timestamp": "2026-10-05T13:00:00.754Z",
        "version": "2.0",
        "webhook_id": "12345678",
        "attempt": 1,
    },
}
PIPEDRIVE_1 = {
    "v": 1,
    "current": {"id": 9, "user_id": 77, "status": "won", "value": 1500, "currency": "BRL"},
    "previous": {"id": 9, "user_id": 77, "status": "open"},
    "meta": {"action": "updated", "object": "deal", "id": 9, "timestamp": 1791205200, "webhook_id": "5"},
}


def notification(number, kind="Lead", **fields):
    """Return a notification of an outbound message."""
    inside = "".join(f"<sf:{name}>{value}</sf:{name}>" for name, value in fields.items())
    return (
        f'<Notification><Id>04l{number:012}AAA</Id><sObject xsi:type="sf:{kind}" '
        f'xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{inside}</sObject></Notification>'
    )


def soap(*notifications, organisation="00Dxx0000001gPLEAY"):
    """Return an outbound message of Salesforce."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organisation}</OrganizationId><ActionId>04kxx0000000001AAA</ActionId>"
        "<SessionId>00D!AQ0AQ.a.session</SessionId><EnterpriseUrl>https://x.example/c</EnterpriseUrl>"
        f"{''.join(notifications)}</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


LEAD = {
    "Id": "00Q5f00000AbCdEEAV",
    "OwnerId": "0055f000001XyZaAAK",
    "Status": "Open - Not Contacted",
    "CreatedDate": "2026-10-05T12:00:00.000Z",
    "LastModifiedDate": "2026-10-05T13:00:00.000Z",
}


def as_json(found):
    return json.dumps(found).encode()
