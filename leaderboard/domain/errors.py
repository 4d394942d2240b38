"""What the domain refuses, each as one plain sentence with its remedy."""

from datetime import date, datetime

PASSWORD_PROBLEMS = {
    "short": "The password has fewer than 12 characters",
    "long": "The password has more than 1,000 characters",
    "common": "The password is one of those that are guessed first",
    "personal": "The password is little more than the account's own name",
}


class Refused(Exception):
    """Something handed in cannot be taken; the text is for the person who can mend it."""


class CalendarRefused(Refused):
    """A calendar that is malformed or never open (T6)."""


class OrganisationRefused(Refused):
    """An organisation file with a mistake in it."""


class CurrencyRefused(OrganisationRefused):
    """Another currency, though there are amounts in the one that was."""


class OrganisationChanged(Refused):
    """An organisation that somebody else has changed meanwhile."""


class AgreementRefused(Refused):
    """An agreement with a mistake in it; `problems` holds one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class DraftRefused(Refused):
    """A draft of the agreement that cannot go the way that was asked for.

    because: `gone` (there is none), `settled` (it is proposed, in force or discarded), `stale` (somebody changed it
    meanwhile), `waiting` (it is not proposed, so there is nothing to sign), `same` (these very words are proposed or in
    force already), `side` (the signer does not belong to the side), `twice` (the signer has signed for the other side),
    `signed` (the side has signed already).
    """

    def __init__(self, because: str) -> None:
        says = {
            "gone": "There is no such draft any more; look at the list of agreements again.",
            "settled": "This draft does not change any more; start a new one from it.",
            "stale": "Somebody has changed this draft meanwhile; look at what it says now, then change it again.",
            "waiting": "This draft is not proposed; propose it before it is signed.",
            "same": "These very words are proposed or in force already; change what is to be different.",
            "side": "You belong to no team of this side; ask somebody of that side to sign.",
            "twice": "You have signed for the other side; ask somebody else to sign for this one.",
            "signed": "This side has signed already; there is nothing left to do.",
        }
        super().__init__(says[because])
        self.because = because


class PeriodRefused(Refused):
    """Not a month such as 2026-10 or a quarter such as 2026-Q4."""


class PeriodClosed(Refused):
    """A period that is closed already; later differences go to an open one as corrections (P5)."""


class PeriodNotOver(Refused):
    """A period that cannot be closed yet, since it has not ended (M1)."""


class AwardRefused(Refused):
    """A bonus award that cannot go the way that was asked for (B4).

    because: `unknown`, `decided` (already, by whom and when), `shares` (who asks shares in it), `early` (it can
    be asked about until `at`) or `unapproved`. status: what the award is, None if unknown.
    """

    def __init__(
        self,
        award_id: int,
        because: str,
        *,
        status: str | None = None,
        by: str | None = None,
        at: datetime | None = None,
    ) -> None:
        when = "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
        says = {
            "unknown": "is not there; look at the list of awards again",
            "decided": f"was {status} already, at {when} by {by}; there is nothing left to do",
            "shares": "pays you a share too; ask another manager to decide on it",
            "early": f"can still be asked about; decide on it from {when} on",
            "unapproved": "is not approved yet; approve it first",
        }
        super().__init__(f"Award {award_id} {says[because]}.")
        self.award_id, self.because, self.status, self.by, self.at = award_id, because, status, by, at


class AdjustmentRefused(Refused):
    """Points that cannot be given, or taken back, by hand (P7); `problem` is a word for why."""

    def __init__(self, problem: str, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = problem


class AccountRefused(Refused):
    """A change of an account that cannot be; `problem` is a word for why."""

    def __init__(self, problem: str, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = problem


class PersonRefused(Refused):
    """A change of a person or team that cannot be; `problem` is a word for why, `at` the day that it is about."""

    def __init__(self, problem: str, sentence: str, *, at: date | None = None) -> None:
        super().__init__(sentence)
        self.problem, self.at = problem, at


class QuestionRefused(Refused):
    """A question about a result or points that cannot be asked or answered.

    because: `unknown`; `foreign`, it is about somebody else's; `open`, another waits for an answer; `answered` already,
    by whom and when; or `self`, nobody answers their own.
    """

    def __init__(self, because: str, *, by: str | None = None, at: datetime | None = None) -> None:
        when = "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
        says = {
            "unknown": "There is no such question; look at the list again.",
            "foreign": "Only the person whose points they are can ask about them.",
            "open": "A question about this waits for its answer; ask the next one after that.",
            "answered": f"The question was answered already, at {when} by {by}.",
            "self": "Nobody answers their own question; ask another manager.",
        }
        super().__init__(says[because])
        self.because, self.by, self.at = because, by, at


class PasswordRefused(Refused):
    """A new password that is too easy to guess; `reason` is what password_problem says."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{PASSWORD_PROBLEMS[reason]}; choose another.")
        self.reason = reason


class WrongSignIn(Refused):
    """E-mail and password do not belong together; which of the two is wrong is not said.

    user_id: the account that was meant, for the log alone; None if there is none.
    """

    def __init__(self, user_id: int | None = None) -> None:
        super().__init__("The e-mail or the password is not right; try again.")
        self.user_id = user_id


class CompanyRefused(Refused):
    """A sign-in with the company's account that leads nowhere.

    because: `denied` (the company's sign-in let nobody in), `lost` (not begun in this browser, or too long ago), `away`
    (its server does not answer), `setup` (it knows this program differently than the settings say), `wrong` (what it
    says proves nothing), `clock`, `stale` (signing in anew was asked for, and did not happen), `email` (none, or not
    verified), `domain` (an e-mail of somewhere else), `group` (in none that is let in), `unknown` (no account), `taken`
    (another company account signs in to theirs), `closed`. detail: for the log alone; no token, no code.
    """

    def __init__(self, because: str, detail: str = "") -> None:
        says = {
            "denied": "The company's sign-in let nobody in; try again.",
            "lost": "This sign-in was begun in another browser, or too long ago; begin again.",
            "away": "The company's sign-in does not answer; try again in a minute.",
            "setup": "The company's sign-in is not set up as it should be; tell an administrator.",
            "wrong": "What the company's sign-in says cannot be relied on; try again, then tell an administrator.",
            "clock": "The clocks of the company's sign-in and of this server differ; tell an administrator.",
            "stale": "The company's sign-in did not ask who you are; sign out there, then try again.",
            "email": "The company's account has no verified e-mail; have it verified where the account is kept.",
            "domain": "The e-mail of this account is not one of the company; sign in with the company's account.",
            "group": "The company's account is in no group that is let in; ask an administrator for one.",
            "unknown": "Nobody is known here with the e-mail of this account; ask an administrator to add you.",
            "taken": "Another company account signs in to your account here; ask an administrator to unlink that one.",
            "closed": "Your account here is closed; ask an administrator.",
        }
        super().__init__(says[because])
        self.because, self.detail = because, detail


class Throttled(Refused):
    """Too many attempts have failed; `seconds` says after how long the next may be made."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts have failed; try again in {seconds} seconds.")
        self.seconds = seconds


class TokenRefused(Refused):
    """An API token that does not let in. problem: `unknown`, also of a closed account, or `expired`."""

    def __init__(self, problem: str, *, at: datetime | None = None) -> None:
        is_over = "is not known, was revoked, or its account is closed"
        what = is_over if at is None else f"was valid until {at:%Y-%m-%d %H:%M} UTC"
        super().__init__(f"This token {what}; make a new one under API tokens.")
        self.problem = problem


class KeyReused(Refused):
    """An Idempotency-Key that came with another request before."""


class KeyUnderWay(Refused):
    """An Idempotency-Key whose first request is not answered yet."""


class UploadRefused(Refused):
    """A file, or what is asked of it, that cannot be; `problem` is a word for why."""

    def __init__(self, problem: str, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = problem


class DisplayRefused(Refused):
    """Something about a display that cannot be; what: the setting or field that it is about."""

    def __init__(self, what: str, message: str) -> None:
        super().__init__(message)
        self.what = what


class HookRefused(Refused):
    """Something about a webhook that cannot be; `problem` is a word for why, often the field that it is about."""

    def __init__(self, problem: str, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = problem


class DeliveryRefused(Refused):
    """What a CRM sent is not taken. status: what HTTP calls it; seconds: when to come again, None for not said."""

    def __init__(self, status: int, sentence: str, seconds: int | None = None) -> None:
        super().__init__(sentence)
        self.status, self.seconds = status, seconds


class TargetRefused(Refused):
    """A webhook that cannot be as it was asked for; `problem` is a word for why."""

    def __init__(self, problem: str, message: str) -> None:
        super().__init__(message)
        self.problem = problem


class AddressRefused(Refused):
    """An address to which no webhook goes.

    because: `form`, `scheme`, `user`, `long`, `unknown` (no such host), or `inside` (it is of our own network).
    """

    def __init__(self, because: str, message: str) -> None:
        super().__init__(message)
        self.because = because
