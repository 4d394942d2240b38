"""Walls made by hand: as full and as long-worded as they get, whatever an organisation's data is like."""

from datetime import timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from leaderboard.domain.displays import SLIDES
from leaderboard.services.pulses import Pulse, TeamPulse
from leaderboard.services.slides import (
    Honour,
    Message,
    Movers,
    NewestBadges,
    Place,
    Plaque,
    Standings,
    WallBadge,
)
from leaderboard.services.stakes import Leader, Prize, Stake, Stakes
from leaderboard.services.walls import Wall, WallSlide
from tests.web.worlds import NOW

TEAMS = ("São Paulo", "Curitiba", "Belo Horizonte", "New York", "Demand", "Content & <Community>", "North", "South")
PEOPLE = (
    "Fernanda Kowalski",
    "Otávio Pimentel",
    "Maria da Conceição Aparecida de Albuquerque Cavalcanti",
    "Bruno <b>Schneider</b>",
    "Wei Chen",
    "نور الهدى عبد الرحمن",
    "Michael O'Brien",
    "Donaudampfschifffahrtsgesellschaftskapitän",
    "Ana Lima",
    "🦊🦊",
    "Larissa Guimarães",
    "Emily Carter",
)
KEYS = ("in-a-row-10", "first-exceeded", "fastest-response", "team-of-the-month")


def places(names, *, scope="member", step=37, top=4_035):
    """Return a place for each name, the second and the third tied."""
    found = []
    for number, name in enumerate(names):
        rank = 2 if number == 2 else number + 1
        points = top - step * (1 if number == 2 else number)
        mean = Fraction(points, 7) if scope == "team" else None
        team = None if scope == "team" else TEAMS[number % len(TEAMS)]
        members = 6 if scope == "team" else None
        found.append(Place(number + 1, rank, name, team, "sales", points, mean, members, 3 - number % 5))
    return tuple(found)


def contents(*, people=10, teams=6):
    """Return what each kind of slide shows."""
    shown = (PEOPLE * 2)[:people]
    badges = [
        WallBadge(number, KEYS[number % 4], "member", PEOPLE[number], TEAMS[number], "2026-11", NOW)
        for number in range(8)
    ]
    pulse = [
        TeamPulse(number, name, 100 if number % 2 else None, 100 - 7 * number) for number, name in enumerate(TEAMS)
    ]
    prizes = (Prize(1, 600_000, None), Prize(2, 300_000, None), Prize(3, 150_000, None))
    dinner = (Prize(1, None, "Dinner for the whole team at a restaurant of its own choice, with partners"),)
    stakes = [
        Stake("quarter", "2026-Q4", "quarter", "team", "sales", prizes, 43, (Leader(1, TEAMS[0], 4_035, None),)),
        Stake(
            "dinner",
            "2026-Q4",
            "quarter",
            "team",
            None,
            dinner,
            43,
            tuple(Leader(n, PEOPLE[n], 9, None) for n in (2, 7)),
        ),
        Stake("month", "2026-11", "month", "member", "marketing", prizes[2:], 13, ()),
        Stake("best", "2026-11", "month", "member", None, prizes[1:], 13, (Leader(9, PEOPLE[2], 300, None),)),
    ]
    honours = [
        Honour(1, "rep-of-the-month", "member", "2026-10", PEOPLE[2], "North", 450, None),
        Honour(2, "team-of-the-month", "team", "2026-10", TEAMS[0], None, 2_320, None),
        Honour(3, "team-of-the-month", "team", "2026-10", TEAMS[2], None, 2_320, None),
        Honour(4, "team-of-the-quarter", "team", "2026-Q3", TEAMS[0], None, 7_115, Fraction(7_115, 7)),
    ]
    return {
        "quarter-teams": Standings("2026-Q4", "total", 43, places(TEAMS[:teams], scope="team")),
        "month-people": Standings("2026-11", "total", 13, places(shown, top=300, step=7)),
        "movers": Movers("2026-11", places(PEOPLE[:5], top=300)),
        "badges": NewestBadges(tuple(badges)),
        "pulse": Pulse("2026-11", tuple(pulse[:teams])),
        "bonus": Stakes("BRL", tuple(stakes)),
        "plaque": Plaque(tuple(honours)),
        "message": Message(
            "Well done, everybody:\nthe quarter closes on 31 December. Cake at four, by the big window!"
        ),
    }


def wall_of(found, *, seconds=10, organisation="Aurora"):
    """Return a wall with a slide for each content."""
    slides = tuple(WallSlide(kind, seconds, found[kind]) for kind in SLIDES if kind in found)
    since = NOW - timedelta(minutes=4)
    return Wall(organisation, ZoneInfo("America/Sao_Paulo"), "en", since, slides)
