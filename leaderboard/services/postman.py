"""Speaking to a mail server (RFC 5321): what it takes is sent, and what it may have taken is never sent twice."""

import smtplib
import ssl
from contextlib import suppress
from email.utils import parseaddr
from types import TracebackType
from typing import NamedTuple

from leaderboard.domain.errors import Refused
from leaderboard.domain.shown import shown
from leaderboard.services.means import MailServer

SECONDS = 10  # of silence until a server is given up
LONGEST_REPLY = 200
SENT, LATER, FAILED = "sent", "later", "failed"
IS_DONE, GOES_AWAY = 250, 421


class Outcome(NamedTuple):
    """What became of an e-mail: `sent`, `later` (to be tried again) or `failed` (for good), and why."""

    state: str
    told: str | None = None


class Unreachable(Refused):
    """No e-mail goes out through this server as things stand; all of them wait."""


class Postman:
    """A connection to a mail server, `with Postman(server) as postman`. Raises Unreachable where there is none."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._place = f"The mail server {server.host}, port {server.port},"
        self._smtp: smtplib.SMTP | None = None
        self.is_usable = True

    def __enter__(self) -> "Postman":
        try:
            self._smtp = self._connected()
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(
                f"{self._place} shows a certificate that is not valid: {error.verify_message}."
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Unreachable(f"{self._place} cannot do what SMTP_SECURITY or SMTP_USER ask for: {error}.") from error
        except smtplib.SMTPAuthenticationError as error:
            raise Unreachable(f"{self._place} does not take SMTP_USER and SMTP_PASSWORD: {_reply(error)}.") from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"{self._place} cannot be reached: {shown(str(error), LONGEST_REPLY)}.") from error
        return self

    def __exit__(self, _kind: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self._smtp.close()

    def send(self, to: str, content: bytes) -> Outcome:
        """Send an e-mail to an address. Raises Unreachable where the server takes none of ours; none is sent then."""
        assert self._smtp is not None
        try:
            code, reply = self._smtp.mail(parseaddr(self._server.sender)[1])
            if code != IS_DONE:
                raise Unreachable(f"{self._place} takes no e-mail from MAIL_FROM: {code} {_text(reply)}.")
            code, reply = self._smtp.rcpt(to)
            if code not in (250, 251):
                return self._refused(code, reply)
        except (OSError, smtplib.SMTPException) as error:
            self.is_usable = False
            return Outcome(LATER, f"The connection ended: {shown(str(error), LONGEST_REPLY)}.")
        return self._send_content(content)

    def _send_content(self, content: bytes) -> Outcome:
        assert self._smtp is not None
        try:
            code, reply = self._smtp.data(content)
        except smtplib.SMTPDataError as error:  # it did not even want to hear it
            return self._refused(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException):
            self.is_usable = False
            return Outcome(FAILED, "The connection ended before the server answered; it may have arrived.")
        return Outcome(SENT) if code == IS_DONE else self._refused(code, reply)

    def _refused(self, code: int, reply: bytes | str) -> Outcome:
        assert self._smtp is not None
        if code == GOES_AWAY:
            self.is_usable = False
        else:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.rset()
        return Outcome(LATER if 400 <= code < 500 else FAILED, f"{code} {_text(reply)}")

    def _connected(self) -> smtplib.SMTP:
        server, context = self._server, ssl.create_default_context()
        smtp: smtplib.SMTP
        if server.security == "tls":
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        try:
            if server.security == "starttls":
                smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, server.password or "")
        except BaseException:
            smtp.close()
            raise
        return smtp


def _reply(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_text(error.smtp_error)}"


def _text(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return shown(" ".join(text.split()), LONGEST_REPLY)
