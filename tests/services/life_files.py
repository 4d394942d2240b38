"""The files of an organisation that lives at random: its own, and its agreements."""

from datetime import date
from random import Random
from typing import Any

from tests.services.bonus_examples import bonus
from tests.services.examples import sla

RESPONSE = 'kind = "response_time", from = ["lead.assigned"], to = ["lead.disposed"], void_by = ["lead.reopened"]'
SLAS = {
    "speed": (RESPONSE + ', pause = ["lead.paused"], resume = ["lead.resumed"]', 'met = "8h", exceeded = "1h"'),
    "closer": (RESPONSE + ', clock = "elapsed", credit = "closer"', 'met = "2d", exceeded = "4h"'),
    "team-speed": (RESPONSE + ', clock = "elapsed"', 'met = "9d", exceeded = "4h"'),
    "wins": ('kind = "count", of = ["opportunity.won"]', "met = 2, exceeded = 4"),
    "pipeline": ('kind = "sum", of = ["opportunity.won"]', "met = 1000, exceeded = 3000"),
    "on-time": ('kind = "rate", of_sla = "speed", at_least = 2', "met = 0.5, exceeded = 1.0"),
    "conversion": (
        'kind = "rate", of = ["lead.assigned"], in = ["opportunity.won"], at_least = 1',
        "met = 0.3, exceeded = 0.9",
    ),
    "training": ('kind = "completion"', 'met = "0s", exceeded = "7d"'),
}
OF_TEAMS = ("team-speed", "pipeline")
BONUSES = (
    bonus("team-win", 'places = ["1000.00", "500.01"]\nside = "sales"'),
    bonus("by-points", 'places = ["200.00", "100.00"]\ndivide = "by_points"'),
    bonus("best-rep", 'prizes = ["A trip", "A book"]', "member"),
    bonus("month-win", 'places = ["0.10", "0.05"]\ntie = "full"', "member", "month"),
    bonus("month-team", 'places = ["7.77"]\ndivide = "by_points"', "team", "month"),
)


def organisation_of(settings: dict[str, Any]) -> str:
    """Return the organisation's file under some settings."""
    hours = "\n".join(
        f'{day} = ["09:00-12:00", "13:00-18:00"]' for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
    )
    return f"""[organisation]
name = "Aurora"
time_zone = "{settings["zone"]}"
currency = "BRL"
grace_hours = {settings["grace"]}
quarter_winner_by = "{settings["by"]}"
question_days = {settings["days"]}
[calendar]
{hours}
closed = [{", ".join(map(str, settings["closed"]))}]
[team_calendars.South]
time_zone = "Asia/Tokyo"
{hours}
"""


def agreement_of(random: Random, day: date) -> str:
    """Return an agreement that is in force from a day on: some SLAs, points and bonuses."""
    keys = [key for key in SLAS if random.random() < 0.8]
    if "speed" not in keys and "on-time" in keys:
        keys.remove("on-time")
    parts = [f'[agreement]\ntitle = "A"\neffective_from = {day}\n']
    for key in keys or ["wins"]:
        measure, levels = SLAS[key]
        side = random.choice(("sales", "sales", "marketing"))
        participant = "team" if key in OF_TEAMS else "member"
        parts.append(sla(key, measure, levels, participant=participant, side=side, met=random.randrange(0, 40)))
    return "".join([*parts, *(each for each in BONUSES if random.random() < 0.8)])
