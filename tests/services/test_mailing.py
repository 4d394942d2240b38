"""E-mail against real mail servers: sent once, whatever happens; what anybody wrote adds no header."""

import email
import email.policy
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.accounts import add_user
from leaderboard.services.jobs import MAIL, run_job
from leaderboard.services.mail_kinds import choose_kinds, read_unsubscribe_token, written
from leaderboard.services.mailing import (
    AGAIN_AFTER,
    ENDED,
    KEPT,
    SENDING_IS_OVER,
    TOO_LATE,
    UNWANTED,
    forget_mails,
    send_waiting,
)
from leaderboard.services.means import NO_MEANS
from leaderboard.services.postman import Postman, Unreachable
from leaderboard.storage import mails
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.mail_tables import Mail
from leaderboard.web.telling import Telling
from tests.factories import at
from tests.services.examples import SPEED, agreement, set_up
from tests.services.mail_servers import (
    ADDRESS,
    Box,
    certificate_for,
    dying_after,
    free_port,
    means_of,
    only_for,
    serving,
)
from tests.services.test_jobs import LIMITS
from tests.web.door import CHEAP

NOW = at("12-15 09:30")
MINUTE = timedelta(minutes=1)
SQLITE = pytest.mark.databases("sqlite")  # what the mail server says is the same to any database


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED), now=NOW)
    for name in ("ana", "bia"):
        account = {"email": f"{name}@example.com", "role": "rep", "password": "nine quiet lanterns"}
        add_user(session, **account, now=NOW, by=COMMAND_LINE, costs=CHEAP)
    return session


@pytest.fixture
def means(app):
    """`means(port, **server)`, with the words of the application."""
    return lambda port, **server: means_of(port, Telling(app, ADDRESS), **server)


def review(session, name="ana", occasion="1", title="Speed", until=NOW + timedelta(days=1), now=NOW):
    """Let an e-mail wait."""
    user_id = session.execute(select(UserAccount.id).where(UserAccount.email == f"{name}@example.com")).scalar_one()
    facts = {"title": title, "due_on": until.date(), "version_id": 1, "until_at": until, "zone": "America/Sao_Paulo"}
    mails.add_mails(session.connection(), [mails.NewMail(user_id, "review", occasion, written(facts))], now)
    session.commit()
    return user_id


def states(session):
    rows = session.execute(select(Mail.state, Mail.tries, Mail.told).order_by(Mail.id)).all()
    session.rollback()
    return [tuple(row) for row in rows]


def parsed(envelope):
    return email.message_from_bytes(envelope.content, policy=email.policy.default)


def test_an_e_mail_is_sent_once_with_what_mail_programs_want_to_know(aurora, means):
    user_id = review(aurora)
    aurora.execute(update(UserAccount).where(UserAccount.id == user_id).values(language="pt_BR"))
    aurora.commit()
    box = Box()
    with serving(box) as port:
        assert send_waiting(aurora, now=NOW, means=means(port)) == {"sent": 1}
        assert send_waiting(aurora, now=NOW + MINUTE, means=means(port)) == {}
    (envelope,) = box.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("board@example.com", ["ana@example.com"])
    message = parsed(envelope)
    assert (message["From"], message["To"]) == ("Aurora <board@example.com>", "ana@example.com")
    assert (message["Content-Language"], message["Auto-Submitted"]) == ("pt-BR", "auto-generated")
    assert re.fullmatch(r"<review-\d+-\d+@example\.com>", message["Message-ID"])
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = message["List-Unsubscribe"].strip("<>").replace("%3D", "=")
    token = address.removeprefix("https://board.example.com/unsubscribe/")
    ended = read_unsubscribe_token(means(1).seal, token)
    assert (ended.user_id, ended.kind) == (user_id, "review")
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert address in text
    assert 'lang="pt-BR"' in html
    assert not re.search(r"<(img|script|link)\b", html)
    assert states(aurora) == [("sent", 1, None)]


@SQLITE
def test_nobody_adds_a_header_or_markup_by_what_they_write(aurora, means):
    review(aurora, title="x\r\nBcc: eve@example.com\r\n\r\n<b>bold</b>")
    box = Box()
    with serving(box) as port:
        send_waiting(aurora, now=NOW, means=means(port))
    message = parsed(box.taken[0])
    assert message["Bcc"] is None
    assert "<b>bold" not in message.get_body(("html",)).get_content()
    assert box.taken[0].rcpt_tos == ["ana@example.com"]


@SQLITE
def test_with_sign_in_and_encryption_by_a_certificate_that_is_checked(aurora, means, tmp_path, monkeypatch):
    context, trusted = certificate_for(tmp_path)
    options = {"tls_context": context, "require_starttls": True, "authenticator": only_for("board", "open sesame")}
    server = {"security": "starttls", "user": "board", "password": "open sesame"}
    review(aurora)
    box = Box()
    with serving(box, **options) as port:
        with pytest.raises(Unreachable, match=rf"127.0.0.1, port {port}, shows a certificate that is not valid: self"):
            send_waiting(aurora, now=NOW, means=means(port, **server))
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        with pytest.raises(Unreachable, match="does not take SMTP_USER and SMTP_PASSWORD: 535"):
            send_waiting(aurora, now=NOW, means=means(port, **{**server, "password": "guessed"}))
        assert states(aurora) == [("waiting", 0, None)]
        assert send_waiting(aurora, now=NOW, means=means(port, **server)) == {"sent": 1}
        assert "open sesame" not in repr(means(port, **server))
    with serving(box) as port, pytest.raises(Unreachable, match="cannot do what SMTP_SECURITY or SMTP_USER ask for"):
        Postman(means(port, **server).mail).__enter__()


@SQLITE
def test_one_that_is_refused_for_now_is_tried_again_later_and_given_up_at_last(aurora, means):
    review(aurora, until=NOW + timedelta(days=3))
    with serving(Box(to_data=["451 busy"] * 2)) as port:
        assert send_waiting(aurora, now=NOW, means=means(port)) == {"waiting": 1}
        assert send_waiting(aurora, now=NOW + AGAIN_AFTER[0] - MINUTE, means=means(port)) == {}
        later = NOW + AGAIN_AFTER[0]
        assert send_waiting(aurora, now=later, means=means(port)) == {"waiting": 1}
        assert states(aurora) == [("waiting", 2, "451 busy")]
        assert send_waiting(aurora, now=later + AGAIN_AFTER[1], means=means(port)) == {"sent": 1}
    review(aurora, "bia")
    aurora.execute(update(Mail).where(Mail.state == "waiting").values(tries=len(AGAIN_AFTER)))
    aurora.commit()
    with serving(Box(to_rcpt=["450 busy"])) as port:
        assert send_waiting(aurora, now=NOW, means=means(port)) == {"failed": 1}


@SQLITE
def test_one_that_is_refused_for_good_fails_and_the_next_goes_out(aurora, means):
    review(aurora)
    review(aurora, "bia")
    with serving(Box(to_rcpt=["550 no such person"])) as port:
        assert send_waiting(aurora, now=NOW, means=means(port)) == {"failed": 1, "sent": 1}
    assert states(aurora) == [("failed", 1, "550 no such person"), ("sent", 1, None)]


@SQLITE
def test_a_server_that_dies_before_the_content_gets_it_again_and_after_it_never(aurora, means):
    review(aurora)
    with dying_after(b"RCPT") as (port, _lines):
        assert send_waiting(aurora, now=NOW, means=means(port)) == {"waiting": 1}
    later = NOW + AGAIN_AFTER[0]
    with dying_after(b"never said") as (port, lines):
        assert send_waiting(aurora, now=later, means=means(port)) == {"failed": 1}
    assert lines[-1] == b"."
    (state,) = states(aurora)
    assert state == ("failed", 2, "The connection ended before the server answered; it may have arrived.")
    assert send_waiting(aurora, now=later + timedelta(hours=9), means=means(free_port())) == {}


def test_one_that_the_program_ended_with_is_not_repeated(aurora, means):
    review(aurora)
    aurora.execute(update(Mail).values(state="sending", tries=1, next_try_at=NOW + SENDING_IS_OVER))
    aurora.commit()
    early = NOW + SENDING_IS_OVER - MINUTE
    assert send_waiting(aurora, now=early, means=means(free_port())) == {}
    assert send_waiting(aurora, now=early + MINUTE, means=means(free_port())) == {"failed": 1}
    assert states(aurora) == [("failed", 1, ENDED)]


def test_what_came_too_late_is_unwanted_or_nobodys_is_dropped_and_by_night_it_waits(aurora, means):
    box = Box()
    review(aurora, occasion="late", until=NOW)
    user_id = review(aurora, "bia", occasion="unwanted")
    choose_kinds(aurora, user_id, [], ["review"], now=NOW, by=COMMAND_LINE)
    with serving(box) as port:
        assert send_waiting(aurora, now=NOW, means=means(port)) == {"dropped": 2}
        assert [told for _, _, told in states(aurora)] == [TOO_LATE, UNWANTED]
        review(aurora, occasion="night", until=NOW + timedelta(days=3))
        night = at("12-15 20:00")
        assert send_waiting(aurora, now=night, means=means(port)) == {"waiting": 1}
        assert send_waiting(aurora, now=at("12-16 06:59:59"), means=means(port)) == {}
        assert send_waiting(aurora, now=at("12-16 07:00"), means=means(port)) == {"sent": 1}
        assert send_waiting(aurora, now=NOW, means=NO_MEANS) == {}


@SQLITE
def test_a_reminder_of_what_is_done_meanwhile_is_dropped(aurora, means):
    user_id = aurora.execute(select(UserAccount.id)).scalars().first()
    until = NOW + timedelta(hours=1)
    item = {"id": 9, "subject": "L1", "title": "Speed", "due_at": until, "deadline_at": until, "left_seconds": 3_600}
    facts = {"items": [item], "more": 0, "until_at": until, "zone": "America/Sao_Paulo"}
    mails.add_mails(aurora.connection(), [mails.NewMail(user_id, "reminder", "1", written(facts))], NOW)
    aurora.commit()
    assert send_waiting(aurora, now=NOW, means=means(free_port())) == {"dropped": 1}


@SQLITE
def test_an_address_that_few_can_deliver_to_fails_in_words(aurora, means):
    user_id = review(aurora)
    aurora.execute(update(UserAccount).where(UserAccount.id == user_id).values(email="ána@example.com"))
    aurora.commit()
    assert send_waiting(aurora, now=NOW, means=means(free_port())) == {"failed": 1}
    assert "no address that every mail server takes" in states(aurora)[0][2]


@SQLITE
def test_one_that_cannot_be_put_into_words_fails_and_the_next_goes_out(aurora, means):
    review(aurora)
    facts = {
        "until_at": NOW + timedelta(days=1),
        "zone": "America/Sao_Paulo",
    }  # as of a version that told something else
    aurora.execute(update(Mail).values(document=written(facts)))
    aurora.commit()
    review(aurora, "bia")
    with serving(Box()) as port:
        assert send_waiting(aurora, now=NOW, means=means(port)) == {"failed": 1, "sent": 1}
    assert states(aurora)[0][2].startswith("It cannot be put into words: ")


@SQLITE
def test_a_server_that_is_away_keeps_all_waiting_and_is_told_once(aurora, means):
    review(aurora)
    port = free_port()
    report = run_job(aurora, MAIL, now=NOW, by=COMMAND_LINE, limits=LIMITS, means=means(port))
    assert report.failure == (
        f"The mail server 127.0.0.1, port {port}, cannot be reached: [Errno 111] Connection refused."
    )
    assert report.fault is None
    assert states(aurora) == [("waiting", 0, None)]


def test_nothing_is_written_while_the_mail_server_is_spoken_to(aurora, means, pool):
    """Another writer does not wait for a mail server that is slow to answer."""
    review(aurora)
    seen = []

    class Slow(Box):
        async def handle_DATA(self, server, session, envelope):  # noqa: N802
            with pool.begin() as connection:
                connection.execute(insert(Mail).values(**other))
                seen.append(connection.execute(select(Mail.state).order_by(Mail.id)).scalars().first())
            return await super().handle_DATA(server, session, envelope)

    user_id = aurora.execute(select(UserAccount.id)).scalars().first()
    aurora.rollback()
    other = {"user_id": user_id, "kind": "x", "occasion": "x", "document": "{}", "state": "sent", "tries": 1}
    other |= {"created_at": NOW, "next_try_at": NOW}
    with serving(Slow()) as port:
        assert send_waiting(aurora, now=NOW, means=means(port)) == {"sent": 1}
    assert seen == ["sending"]


def test_old_e_mails_are_forgotten_unless_they_still_wait(aurora):
    review(aurora, occasion="old", now=NOW - KEPT - MINUTE)
    review(aurora, occasion="waits", now=NOW - KEPT - MINUTE)
    review(aurora, occasion="young", now=NOW - KEPT)
    done = Mail.occasion.in_(("old", "young"))
    aurora.execute(update(Mail).where(done).values(state="sent"))
    assert forget_mails(aurora.connection(), now=NOW) == 1
    assert sorted(aurora.execute(select(Mail.occasion)).scalars()) == ["waits", "young"]
    assert json.loads(aurora.execute(select(Mail.document)).scalars().first())["title"] == "Speed"
