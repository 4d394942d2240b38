"""What the domain refuses, each as one plain sentence with its remedy."""


class Refused(Exception):
    """Something handed in cannot be taken; the text is for the person who can mend it."""


class CalendarRefused(Refused):
    """A calendar that is malformed or never open (T6)."""


class OrganisationRefused(Refused):
    """An organisation file with a mistake in it."""


class AgreementRefused(Refused):
    """An agreement with a mistake in it; `problems` holds one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class PeriodRefused(Refused):
    """Not a month such as 2026-10 or a quarter such as 2026-Q4."""


class PeriodClosed(Refused):
    """The period is closed, and a closed period never changes (P5)."""
