"""What the CRM of the demo organisation would hold: leads, opportunities and trainings of a year.

Everything comes from one seeded source of chance, so the same `now` gives the same events.
"""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from leaderboard.domain.organisation_file import Organisation
from leaderboard.domain.periods import Month, midnight, month_finder
from leaderboard.domain.working_time import DAY
from leaderboard.services.demo_people import TEAMS, Colleague

SEED = 20_170
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SECOND = timedelta(seconds=1)
WEEKDAY_SHARES = (1.6, 1.15, 1.05, 1.0, 0.8, 0.14, 0.1)  # Monday brings what the weekend held back
HOLIDAY_SHARE = 0.2
EARLY_DAYS = 3  # so long a month counts as young
EARLY_LEADS = 40
ALWAYS_WAITING = ("ana", "bia", "caio", "priya")  # the first look shows their leads that are due next


class Fact(NamedTuple):
    """An event to be, before it has an id; amounts in whole reais."""

    at: datetime
    type: str
    subject: str
    member: str
    outcome: str = ""
    amount: int | None = None
    due_at: datetime | None = None


class History:
    """A year of facts up to `now`. leads: about how many come in; the rest follows from them."""

    def __init__(self, organisation: Organisation, staff: Sequence[Colleague], now: datetime, leads: int) -> None:
        self.organisation = organisation
        self.staff = staff
        self.now = now.replace(microsecond=0)
        self.leads = leads
        self.chance = Random(SEED)
        self.facts: list[Fact] = []
        self._month_of = month_finder(organisation.time_zone).month_of
        self.month = self._month_of(now)
        self.first_month = self.month.plus(-12)
        self._subjects = 0
        self._loads: Counter[tuple[str, Month]] = Counter()
        self._moods: dict[tuple[str, Month], float] = {}

    def tell(self) -> list[Fact]:
        """Return the facts up to now, by instant."""
        for received in self._arrivals():
            self._lead(received)
        self._wait_for_now()
        self._begin_month()
        for months in range(-11, 2):  # the first is given out in the first month, the last for the coming one
            self._training(self.month.plus(months))
        return sorted((each for each in self.facts if each.at <= self.now), key=lambda each: each[:4])

    # How much comes in, and when

    def _arrivals(self) -> list[datetime]:
        """Return when leads come in: more on Mondays, a few at weekends, a little more each month."""
        days = [self.first_month.first_day]
        while days[-1] < self.now.astimezone(self.organisation.zone).date():
            days.append(days[-1] + DAY)
        shares = [self._share(day) * (1 + 0.3 * place / len(days)) for place, day in enumerate(days)]
        scale = self.leads / sum(shares)
        found = []
        for day, share in zip(days, shares, strict=True):
            number = int(share * scale * self.chance.uniform(0.75, 1.25) + self.chance.random())
            found += [self._moment(day) for _ in range(number)]
        return sorted(found)

    def _share(self, day: date) -> float:
        is_holiday = day.weekday() < 5 and not self.organisation.calendar.hours_on(day)
        return HOLIDAY_SHARE if is_holiday else WEEKDAY_SHARES[day.weekday()]

    def _moment(self, day: date) -> datetime:
        """Return an instant of a day: most around eleven and three o'clock."""
        hour = self.chance.gauss(self.chance.choice((10.5, 15.0)), 1.7)
        seconds = int(min(max(hour, 0.1), 23.9) * 3600)
        return midnight(day, self.organisation.zone) + seconds * SECOND

    # Who does it, and how long it takes

    def _active(self, side: str, at: datetime) -> list[tuple[Colleague, str]]:
        day = at.astimezone(self.organisation.zone).date()
        placed = [(each, each.team_on(day)) for each in self.staff]
        return [(each, team) for each, team in placed if team is not None and TEAMS[team] == side]

    def _someone(self, side: str, at: datetime) -> Colleague:
        return self.chance.choice(self._active(side, at))[0]

    def _next_rep(self, at: datetime) -> Colleague:
        """Return who gets the next lead: of three, the one with the fewest in the month, so that loads are alike."""
        month = self._month_of(at)
        asked = [self._someone("sales", at) for _ in range(3)]
        rep = min(asked, key=lambda each: self._loads[each.email, month])
        self._loads[rep.email, month] += 1
        return rep

    def _teammate(self, of: Colleague, at: datetime) -> Colleague:
        """Return someone else of the team, or else of the side."""
        active = self._active("sales", at)
        team = next((team for each, team in active if each is of), None)
        others = [each for each, theirs in active if each is not of]
        return self.chance.choice([each for each, theirs in active if each is not of and theirs == team] or others)

    def _still(self, rep: Colleague, at: datetime) -> Colleague:
        """Return a rep, or who took over if they have left."""
        return rep if any(each is rep for each, _ in self._active("sales", at)) else self._teammate(rep, at)

    def _mood(self, who: Colleague, at: datetime) -> float:
        """Return how slow someone is in a month: nobody is the same all year, so ranks move."""
        key = (who.email, self._month_of(at))
        if key not in self._moods:
            self._moods[key] = who.pace * math.exp(Random(f"{SEED} {key[0]} {key[1]}").gauss(0, 0.3))
        return self._moods[key]

    def _done(self, who: Colleague, start: datetime, usual: timedelta, spread: float = 0.95) -> datetime:
        """Return when someone has done what usually takes so long of their working time.

        Times are log-normal: most are short, some are very long. A few do it in the evening or at the weekend.
        """
        took = usual * self._mood(who, start) * math.exp(self.chance.gauss(0, spread))
        if self.chance.random() < 0.04:
            return self._whole(start + took)
        team = who.team_on(start.astimezone(self.organisation.zone).date())
        done = self.organisation.calendar_of(team).working_time.due_at(start, took)
        return self._whole(done or start + took)

    def _whole(self, at: datetime) -> datetime:
        return at.replace(microsecond=0) + SECOND

    def _happens(self, probability: float) -> bool:
        return self.chance.random() < probability

    # The life of a lead

    def _note(self, at: datetime, kind: str, subject: str, who: Colleague, outcome: str = "") -> None:
        self.facts.append(Fact(at, kind, subject, who.email, outcome))

    def _subject(self, kind: str) -> str:
        self._subjects += 1
        return f"{kind}-{10_000 + self._subjects}"

    def _lead(self, received: datetime) -> None:
        """A lead comes in, marketing scores it, and if it is good enough sales gets it."""
        scorer = self._someone("marketing", received)
        subject = self._subject("lead")
        self._note(received, "lead.received", subject, scorer)
        scored = self._done(scorer, received, 40 * MINUTE, 1.1)
        if self._happens(0.2 / scorer.skill):
            self._note(scored, "lead.rejected", subject, scorer)
            return
        self._note(scored, "lead.qualified", subject, scorer)
        assigned = scored + self.chance.randint(20, 600) * SECOND
        self._sale(subject, self._next_rep(assigned), assigned)

    def _sale(self, subject: str, rep: Colleague, assigned: datetime) -> None:
        """A rep gets a lead, picks it up, sometimes hands it on, and disposes of it."""
        self._note(assigned, "lead.assigned", subject, rep)
        accepted = self._done(rep, assigned, 40 * MINUTE, 1.0)
        if self._happens(0.07):
            handed_on = self._done(rep, assigned, 3 * HOUR)
            if accepted < handed_on:
                self._note(accepted, "lead.accepted", subject, rep)
            rep = self._teammate(rep, handed_on)
            self._note(handed_on, "lead.assigned", subject, rep)
            accepted = self._done(rep, handed_on, 30 * MINUTE)
        if self._happens(0.09):
            self._note(accepted, "lead.disposed", subject, rep, "recycled")
            return  # sales does not accept it: back to marketing
        self._note(accepted, "lead.accepted", subject, rep)
        if self._happens(0.015):
            return  # forgotten: missed when its time is over
        start = accepted
        if self._happens(0.05):
            self._note(start + 9 * MINUTE, "lead.paused", subject, rep)
            start = self._whole(start + self.chance.uniform(1, 3) * DAY)
            self._note(start, "lead.resumed", subject, rep)
        self._dispose(subject, rep, self._done(rep, start, 100 * MINUTE))

    def _dispose(self, subject: str, rep: Colleague, at: datetime) -> None:
        """A lead is qualified, disqualified or sent back to marketing; a few were closed in a hurry."""
        if self._happens(0.03):
            self._note(at, "lead.disposed", subject, rep, "disqualified")
            reopened = at + self.chance.uniform(0.5, 9) * DAY
            self._note(self._whole(reopened), "lead.reopened", subject, rep)
            rep = self._still(rep, reopened)
            self._note(self._whole(reopened) + 5 * MINUTE, "lead.assigned", subject, rep)
            accepted = self._done(rep, self._whole(reopened) + 5 * MINUTE, 30 * MINUTE)
            self._note(accepted, "lead.accepted", subject, rep)
            at = self._done(rep, accepted, 2 * HOUR)
        chance = self.chance.random() / rep.skill
        outcome = "qualified" if chance < 0.58 else "recycled" if chance < 0.78 else "disqualified"
        self._note(at, "lead.disposed", subject, rep, outcome)
        if outcome == "disqualified":
            return
        for _ in range(self.chance.choice((0, 0, 1, 1, 2))):
            at = self._done(rep, at, 9 * HOUR)
            self._note(at, "lead.followed_up", subject, self._still(rep, at))
        if outcome == "qualified" and self._happens(0.62 * rep.skill):
            self._opportunity(subject, rep, self._done(rep, at, 4 * HOUR))

    def _opportunity(self, lead: str, rep: Colleague, opened: datetime) -> None:
        """A lead becomes an opportunity, which is won or lost some weeks later."""
        rep = self._still(rep, opened)
        subject = self._subject("opportunity")
        amount = round(self.chance.lognormvariate(math.log(13_000), 0.55), -2)
        self._note(opened, "lead.converted", lead, rep)
        self.facts.append(Fact(opened, "opportunity.created", subject, rep.email, amount=int(amount)))
        at = opened
        for _ in range(self.chance.randint(0, 1)):
            at = self._done(rep, at, 20 * HOUR)
            self._note(at, "opportunity.followed_up", subject, self._still(rep, at))
        closed = self._done(rep, at, 50 * HOUR, 0.6)
        kind = "opportunity.won" if self._happens(0.45 * rep.skill) else "opportunity.lost"
        owner = self._still(rep, closed)
        self.facts.append(Fact(closed, kind, subject, owner.email, amount=int(amount)))

    # What the first look needs

    def _wait_for_now(self) -> None:
        """Some leads are due next: assigned within their last working hours, and open."""
        by_key = {each.email.partition("@")[0]: each for each in self.staff}
        for rep in (by_key[key] for key in ALWAYS_WAITING):
            for hours in (0.4, 2.6, 6.3):
                assigned = self._working_before(rep, self.now, hours * self.chance.uniform(0.7, 1.15) * HOUR)
                subject, scorer = self._subject("lead"), self._someone("marketing", assigned)
                self._note(assigned - 50 * MINUTE, "lead.received", subject, scorer)
                self._note(assigned - 6 * MINUTE, "lead.qualified", subject, scorer)
                self._note(assigned, "lead.assigned", subject, rep)
                if hours > 1:
                    self._note(assigned + 25 * MINUTE, "lead.accepted", subject, rep)

    def _working_before(self, who: Colleague, at: datetime, back: timedelta) -> datetime:
        """Return the instant from which someone has had so much working time by `at`."""
        team = who.team_on(at.astimezone(self.organisation.zone).date())
        time = self.organisation.calendar_of(team).working_time
        for start, end in reversed(time.spans_between(at - 12 * DAY, at)):
            if end - start >= back:
                return self._whole(end - back)
            back -= end - start
        return self._whole(at - back)

    def _begin_month(self) -> None:
        """A month that is a few hours old shows life too: a campaign opens it."""
        begun, _ = self.month.bounds(self.organisation.zone)
        if self.now - begun >= EARLY_DAYS * DAY:
            return
        for _ in range(EARLY_LEADS):
            disposed = self._whole(begun + (self.now - begun) * self.chance.random() - SECOND)
            scored = self._whole(begun + (disposed - begun) * self.chance.random() - SECOND)
            rep, scorer = self._someone("sales", disposed), self._someone("marketing", disposed)
            if self._happens(0.4):  # it waited over night
                scored = self._working_before(rep, begun, self.chance.uniform(1, 5) * HOUR)
            subject = self._subject("lead")
            self._note(scored - 12 * MINUTE, "lead.received", subject, scorer)
            self._note(scored, "lead.qualified", subject, scorer)
            self._note(scored, "lead.assigned", subject, rep)
            self._note(self._whole(scored + (disposed - scored) * 0.3), "lead.accepted", subject, rep)
            self._note(disposed, "lead.disposed", subject, rep, self.chance.choice(("qualified", "recycled")))

    def _training(self, month: Month) -> None:
        """A course a month for all, given out on the 20th of the month before and due on the 10th."""
        given = midnight(month.previous.first_day.replace(day=20), self.organisation.zone) + 10 * HOUR
        due = midnight(month.first_day.replace(day=11), self.organisation.zone) - MINUTE
        subject = f"training-{month}"
        for who, _ in self._active("sales", given) + self._active("marketing", given):
            self.facts.append(Fact(given, "task.assigned", subject, who.email, due_at=due))
            if self._happens(0.93):
                self._note(self._done(who, given, 62 * HOUR, 0.4), "task.completed", subject, who)
