"""Who does something: a person with an account, or the program itself."""

from typing import NamedTuple


class Actor(NamedTuple):
    """Who did something, as the audit trail names them. name: an e-mail, or what the program acts as.

    user_id: the account; member_id: the member that it is linked to; None where there is none.
    """

    name: str
    user_id: int | None = None
    member_id: int | None = None


COMMAND_LINE = Actor("command line")
SCHEDULER = Actor("scheduler")
COMPANY = Actor("company sign-in")
