"""Proving where a webhook comes from: what vendors have published verifies, and anything else does not."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from leaderboard.domain import signatures
from leaderboard.domain.signatures import WINDOW, Request, Unproven, check, hubspot_uri
from leaderboard.domain.signing import signature

URL = "https://www.example.com/webhook_uri"


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def request_of(body, headers, addresses=(URL,), key=""):
    return Request("POST", addresses, headers, body, key)


# HubSpot's own values for v2 (developers.hubspot.com, "Validating requests"), signed as v3; and a test of the library
# fr.slickteam.hubspot.api, HubSpotWebHookSignatureUtilsTest.
HUBSPOT = [
    (
        "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
        request_of(
            b'{"example_field":"example_value"}',
            {
                "x-hubspot-signature-v3": "A7e/TJr0Sgi0IbYUsa7NGXOK2vULF0kk/LlOKJFSO5Y=",
                "x-hubspot-request-timestamp": "1707926838792",
            },
        ),
    ),
    (
        "3da21a3d-5964-494c-a638-c56abb76d825",
        request_of(
            b'[{"eventId":100,"subscriptionId":2439752,"portalId":8136442,"occurredAt":1704970386905,'
            b'"subscriptionType":"deal.propertyChange","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
            b'"propertyName":"dealstage","propertyValue":"sample-value"}]',
            {
                "x-hubspot-signature-v3": "IirHW2rKOnmjwy3EF7Czp86mGntxQZVDVhKTlGj5jx8=",
                "x-hubspot-request-timestamp": "1704975585199",
            },
            ("https://api.beta/webhooks",),
        ),
    ),
]
# standardwebhooks.com, specification 1.0.0, and the tests of its libraries.
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD = request_of(
    b'{"test": 2432232314}',
    {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
)


def ours(body=b"{}", secret="a secret of ours", seconds=1_700_000_000):
    signature = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return request_of(body, {"x-leaderboard-timestamp": str(seconds), "x-leaderboard-signature": signature})


def basic(text):
    return request_of(b"{}", {"authorization": f"Basic {base64.b64encode(text.encode()).decode()}"})


PROVEN = [
    *(
        ("hubspot", request, secret, int(request.headers["x-hubspot-request-timestamp"]) / 1000)
        for secret, request in HUBSPOT
    ),
    ("generic", STANDARD, STANDARD_SECRET, 1614265330),
    ("generic", ours(), "a secret of ours", 1_700_000_000),
    ("pipedrive", basic("leaderboard:a:secret"), "a:secret", 0),
    ("odoo", basic(":sécret"), "sécret", 0),
    ("odoo", request_of(b"{}", {}, key="a-key"), "a-key", 0),
    ("salesforce", request_of(b"{}", {"authorization": "bearer a-key"}), "a-key", 0),
    ("salesforce", request_of(b"{}", {}, key="a-key"), "a-key", 0),
]


@pytest.mark.parametrize(("kind", "request_", "secret", "seconds"), PROVEN)
def test_what_is_proven_is_taken_with_either_of_two_secrets_and_with_no_other(kind, request_, secret, seconds):
    check(kind, request_, [secret], at(seconds))
    check(kind, request_, ["another secret", secret], at(seconds))
    for secrets, because in ((["another secret"], "wrong"), ([], "missing")):
        with pytest.raises(Unproven) as refused:
            check(kind, request_, secrets, at(seconds))
        assert refused.value.because == because
    with pytest.raises(Unproven, match="missing"):
        check(kind, request_of(request_.body, {}), [secret], at(seconds))


@pytest.mark.parametrize(("kind", "request_", "secret", "seconds"), PROVEN[:4])
def test_a_signature_is_good_within_five_minutes_either_way_and_for_these_very_bytes(kind, request_, secret, seconds):
    for off in (WINDOW, -WINDOW):
        check(kind, request_, [secret], at(seconds) + off)
        with pytest.raises(Unproven, match="stale"):
            check(
                kind,
                request_,
                [secret],
                at(seconds) + off + (timedelta(seconds=1) if off > timedelta(0) else -timedelta(seconds=1)),
            )
    with pytest.raises(Unproven, match="wrong"):
        check(kind, replace(request_, body=request_.body + b" "), [secret], at(seconds))


@pytest.mark.parametrize("text", ["", "1.0", "-1", "1e9", "9" * 17, "١٢"])
def test_a_timestamp_is_a_whole_number(text):
    headers = {**ours().headers, "x-leaderboard-timestamp": text}
    with pytest.raises(Unproven, match="wrong" if text else "missing"):
        check("generic", request_of(b"{}", headers), ["a secret of ours"], at(0))


def test_a_timestamp_beyond_all_calendars_is_stale():
    for header in ("x-leaderboard-timestamp", "webhook-timestamp", "x-hubspot-request-timestamp"):
        kind, signature = {
            "x-leaderboard-timestamp": ("generic", "x-leaderboard-signature"),
            "webhook-timestamp": ("generic", "webhook-signature"),
            "x-hubspot-request-timestamp": ("hubspot", "x-hubspot-signature-v3"),
        }[header]
        with pytest.raises(Unproven, match="stale"):
            check(kind, request_of(b"{}", {header: "9" * 16, signature: "v1,a"}), ["a secret of ours"], at(0))


def test_hubspot_signs_the_address_that_it_called_decoded_in_part():
    assert hubspot_uri("https://x.example/h%2Fa?b=%3Fc%20d%2b&e=%3a%7E") == "https://x.example/h/a?b=?c%20d%2b&e=:%7E"
    secret, request = HUBSPOT[0]
    now = at(1707926838.792)
    check("hubspot", replace(request, addresses=("http://inside:8000/webhook_uri", URL)), [secret], now)
    with pytest.raises(Unproven, match="wrong"):
        check("hubspot", replace(request, addresses=("http://www.example.com/webhook_uri",)), [secret], now)
    for part in ({"method": "PUT"}, {"addresses": ()}):
        with pytest.raises(Unproven, match="wrong"):
            check("hubspot", replace(request, **part), [secret], now)


def test_a_plus_that_a_proxy_made_a_blank_of_is_a_plus():
    secret, body, timestamp = "s" * 20, b"[]", 1_700_000_000_000
    for number in range(60):
        stamp = str(timestamp + number)
        digest = hmac.new(secret.encode(), f"POST{URL}[]{stamp}".encode(), hashlib.sha256).digest()
        text = base64.b64encode(digest).decode()
        if "+" in text:
            break
    headers = {"x-hubspot-signature-v3": text.replace("+", " "), "x-hubspot-request-timestamp": stamp}
    check("hubspot", request_of(body, headers), [secret], at(timestamp / 1000))


def test_the_other_signatures_of_standard_webhooks_are_passed_over():
    given = STANDARD.headers["webhook-signature"]
    for text, is_good in (
        (f"v1a,xyz v1,AAAA {given}", True),
        (f"v2,{given[3:]}", False),
        (given[3:], False),
        ("", False),
    ):
        request = replace(STANDARD, headers={**STANDARD.headers, "webhook-signature": text})
        if is_good:
            check("generic", request, [STANDARD_SECRET], at(1614265330))
        else:
            with pytest.raises(Unproven):
                check("generic", request, [STANDARD_SECRET], at(1614265330))


@pytest.mark.parametrize("header", ["Basic", "Basic !!!!", "Basic YQ", "Basic /w==", "Digest x", "Basic \udcff"])
def test_junk_for_a_password_is_refused(header):
    with pytest.raises(Unproven):
        check("odoo", request_of(b"", {"authorization": header}), ["secret"], at(0))


def test_what_we_send_to_others_we_take_ourselves():
    headers = {
        "x-leaderboard-timestamp": "1700000000",
        "x-leaderboard-signature": signature("secret", "1700000000", b"[]"),
    }
    check("generic", request_of(b"[]", headers), ["secret"], at(1_700_000_000))


def test_the_examples_that_other_vendors_publish_come_of_the_same_hmac():
    """docs.github.com, "Validating webhook deliveries"; docs.slack.dev, "Verifying requests from Slack"."""
    assert signatures._hmac(b"It's a Secret to Everybody", b"Hello, World!").hex() == (
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )
    slack = (
        b"v0:1531420618:token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
        b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url="
        b"https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    assert signatures._hmac(b"8f742231b10e8888abcd99yyyzzz85a5", slack).hex() == (
        "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    )
