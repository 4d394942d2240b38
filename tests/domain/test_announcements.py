"""Webhooks: signed so that anybody can check it, tried ever later, and in forms that take names literally."""

import hashlib
import hmac
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.announcements import Told, delivery_id, slack_escaped, slack_message, teams_message
from leaderboard.domain.retrying import LONGEST_ASKED, LONGEST_WAIT, MOST_TRIES, asked_wait, wait_after
from leaderboard.domain.signatures import OUR_SIGNATURE, OUR_TIMESTAMP, Request, Unproven, ours
from leaderboard.domain.signing import signature
from tests.domain.examples import properties

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
BODY = '{"text": "Ana & Bia", "números": 1}'.encode()
EVIL = "<!channel> <@U1|x> [click](http://evil.example) *b* & @here"


def test_a_signature_is_what_openssl_makes_of_time_full_stop_and_body():
    command = ["openssl", "dgst", "-sha256", "-hmac", "lbwh_secret", "-hex"]
    done = subprocess.run(command, input=b"1762344000." + BODY, capture_output=True, check=True)
    assert signature("lbwh_secret", "1762344000", BODY) == "sha256=" + done.stdout.decode().split()[-1]


def test_another_time_body_or_secret_gives_another_signature():
    ours = signature("secret", "1", BODY)
    assert ours == "sha256=" + hmac.new(b"secret", b"1." + BODY, hashlib.sha256).hexdigest()
    others = {signature("secret", "2", BODY), signature("secret", "1", BODY + b" "), signature("secrets", "1", BODY)}
    assert len(others | {ours}) == 4


def test_what_we_sign_a_generic_webhook_in_takes_as_proof():
    timestamp = str(int(NOW.timestamp()))
    proof = {OUR_SIGNATURE: signature("secret", timestamp, BODY), OUR_TIMESTAMP: timestamp}
    ours(Request("POST", (), proof, BODY), ["secret"], NOW)
    with pytest.raises(Unproven):
        ours(Request("POST", (), proof, BODY), ["another"], NOW)


def test_ten_tries_go_over_almost_two_days():
    waits = [wait_after(tries, spread=0) for tries in range(1, MOST_TRIES + 1)]
    assert waits == [*(timedelta(minutes=3**n) for n in range(6)), *[LONGEST_WAIT] * 3, None]
    assert timedelta(days=1.5) < sum(waits[:-1], timedelta(0)) < timedelta(days=2)


@properties
@given(st.integers(1, MOST_TRIES - 1), st.floats(0, 1), st.none() | st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_wait_is_spread_and_never_shorter_than_asked_nor_longer_than_a_day(tries, spread, asked):
    usual, wait = wait_after(tries, spread=0), wait_after(tries, spread=spread, asked=asked)
    assert usual <= wait <= max(usual * 1.2, LONGEST_ASKED)
    assert wait >= min(asked or timedelta(0), LONGEST_ASKED)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("", None),
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta(0)),
        ("99999999999999999999", LONGEST_ASKED),
        ("-5", None),
        ("soon", None),
        ("Thu, 05 Nov 2026 12:01:30 GMT", timedelta(seconds=90)),
        ("Thu, 05 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Thu, 99 Nov 2026 11:00:00 GMT", None),
        ("Thu, 05 Nov 999999999999 11:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_an_instant(header, wait):
    assert asked_wait(header, NOW) == wait


def test_a_delivery_is_known_again_by_its_id():
    assert delivery_id(1, "period.closed 2026-10") == delivery_id(1, "period.closed 2026-10")
    assert len({delivery_id(1, "a"), delivery_id(2, "a"), delivery_id(1, "b")}) == 3


def test_slack_calls_nobody_and_follows_no_link_in_what_people_wrote():
    told = slack_message(Told(EVIL, (EVIL, "Bia"), "https://board.example.com/?a=1&b=2", "Open <it>"))
    header, section, link = told["blocks"]
    literal = "&lt;!channel&gt; &lt;@U1|x&gt; [click](http://evil.example) *b* &amp; @here"
    assert header == {"type": "header", "text": {"type": "plain_text", "text": literal, "emoji": False}}
    assert section["text"] == {"type": "plain_text", "text": f"{literal}\nBia", "emoji": False}
    assert link["text"]["text"] == "<https://board.example.com/?a=1&amp;b=2|Open &lt;it&gt;>"
    assert (told["text"], told["mrkdwn"]) == (literal, False)
    assert slack_message(Told("Only a title", (), "", "Open"))["blocks"] == [
        {"type": "header", "text": {"type": "plain_text", "text": "Only a title", "emoji": False}}
    ]


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [("abcd", 4, "abcd"), ("abcde", 4, "abc…"), ("a&b", 6, "a…"), ("a&b", 7, "a&amp;b")],
)
def test_slack_gets_no_more_than_it_takes_and_no_half_escape(text, most, cut):
    assert slack_escaped(text, most) == cut


def test_teams_reads_no_markdown_in_what_people_wrote():
    message = teams_message(Told(EVIL, (EVIL,), "https://board.example.com/", "Open"))
    (attachment,) = message["attachments"]
    assert (message["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    runs = [run for block in card["body"] for run in block["inlines"]]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert [(run["type"], run["text"]) for run in runs] == [("TextRun", EVIL)] * 2
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open", "url": "https://board.example.com/"}]
    assert "actions" not in teams_message(Told("x", (), "", "Open"))["attachments"][0]["content"]
