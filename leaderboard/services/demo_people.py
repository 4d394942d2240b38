"""The forty people of the demo organisation: who they are, how they work, and where they were when."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from leaderboard.domain.people import Membership
from leaderboard.domain.periods import Month

MAIL = "demo.example"
TEAMS = {
    "São Paulo": "sales",
    "Belo Horizonte": "sales",
    "Curitiba": "sales",
    "New York": "sales",
    "Demand": "marketing",
    "Content": "marketing",
}
# Pace: how long they take, 1.0 is usual. Skill: how much of it succeeds. Stints: a team and the day it
# began, as months before the current one / day of the month; "left" ends the last one.
PEOPLE = """
ana      | Ana Beatriz Moraes    | rep     | 0.80 | 1.15 | São Paulo 30/1
bia      | Bia Ferreira          | rep     | 0.90 | 1.00 | São Paulo 26/1
rafael   | Rafael Nogueira       | rep     | 0.95 | 1.10 | São Paulo 41/1
juliana  | Juliana Prado         | rep     | 1.30 | 1.20 | São Paulo 22/1
thiago   | Thiago Azevedo        | rep     | 1.10 | 0.95 | Curitiba 20/1 > São Paulo 5/16
camila   | Camila Duarte         | rep     | 0.70 | 0.85 | São Paulo 18/1
marcos   | Marcos Vinícius Leal  | rep     | 1.50 | 0.90 | São Paulo 33/1
larissa  | Larissa Guimarães     | rep     | 0.75 | 1.20 | Belo Horizonte 29/1
pedro    | Pedro Henrique Salles | rep     | 1.20 | 1.00 | Belo Horizonte 24/1
leticia  | Letícia Drummond      | rep     | 0.90 | 1.05 | São Paulo 27/1 > Belo Horizonte 7/1
gustavo  | Gustavo Amaral        | rep     | 1.00 | 0.90 | Belo Horizonte 19/1
renata   | Renata Vilela         | manager | 0.85 | 1.15 | Belo Horizonte 44/1
igor     | Igor Resende          | rep     | 1.60 | 0.80 | Belo Horizonte 8/17
caio     | Caio Martinelli       | rep     | 0.85 | 1.05 | Curitiba 25/1
fernanda | Fernanda Kowalski     | rep     | 0.80 | 1.10 | Curitiba 31/1
bruno    | Bruno Schneider       | rep     | 1.25 | 1.15 | Curitiba 21/1
patricia | Patrícia Zanetti      | manager | 1.00 | 1.20 | Curitiba 38/1
andre    | André Lopes           | rep     | 1.40 | 0.95 | Curitiba 17/1
yumi     | Yumi Tanaka           | rep     | 0.90 | 0.85 | Curitiba 2/12
emily    | Emily Carter          | manager | 0.80 | 1.10 | New York 36/1
michael  | Michael O'Brien       | rep     | 1.15 | 1.05 | New York 28/1
priya    | Priya Raman           | rep     | 0.70 | 1.15 | New York 23/1
daniel   | Daniel Kim            | rep     | 1.00 | 1.00 | New York 20/1
sofia    | Sofia Rossi           | rep     | 0.95 | 1.05 | São Paulo 32/1 > New York 9/2
marcus   | Marcus Johnson        | rep     | 1.35 | 0.90 | New York 3/9
helena   | Helena Barros         | manager | 0.90 | 1.05 | Demand 37/1
otavio   | Otávio Pimentel       | rep     | 1.10 | 1.00 | Demand 21/1
isabela  | Isabela Rocha         | rep     | 0.80 | 1.05 | Demand 25/1
wei      | Wei Chen              | rep     | 1.00 | 1.10 | Demand 16/1
luana    | Luana Teixeira        | rep     | 1.25 | 0.95 | Content 22/1 > Demand 4/10
diego    | Diego Fontes          | rep     | 0.95 | 1.00 | Content 28/1
clara    | Clara Neumann         | manager | 0.85 | 1.10 | Content 34/1
vitoria  | Vitória Sampaio       | rep     | 1.05 | 0.95 | Content 19/1
samuel   | Samuel Okafor         | rep     | 0.90 | 1.05 | Content 6/3
dora     | Dora Cavalcanti       | manager | 0.80 | 1.10 | São Paulo 48/1 > left 6/1
enzo     | Enzo Bittencourt      | admin   | 0.90 | 1.00 | Demand 40/1 > left 7/1
rodrigo  | Rodrigo Peixoto       | rep     | 1.70 | 0.80 | São Paulo 15/1 > left 8/20
hannah   | Hannah Weiss          | rep     | 1.10 | 1.00 | New York 27/1 > left 5/11
mateus   | Mateus Carvalho       | rep     | 1.30 | 0.85 | Belo Horizonte 18/1 > left 3/24
aline    | Aline Queiroz         | rep     | 1.00 | 1.00 | Content 24/1 > left 6/19
"""


@dataclass(frozen=True)
class Stint:
    """Someone's time in a team: [starts_on, until); None: still."""

    team: str
    starts_on: date
    until: date | None


@dataclass(frozen=True)
class Colleague:
    """One of the forty. pace: how long they take, 1.0 is usual; skill: how much of it succeeds."""

    email: str
    name: str
    role: str
    pace: float
    skill: float
    stints: tuple[Stint, ...]

    def team_on(self, day: date) -> str | None:
        """Return the team they belong to on a day, or None."""
        found = (each.team for each in self.stints if Membership(0, 0, each.starts_on, each.until).covers(day))
        return next(found, None)


def colleagues(current: Month) -> tuple[Colleague, ...]:
    """Return the people as of the current month."""
    return tuple(_colleague(line, current) for line in PEOPLE.strip().splitlines())


def _colleague(line: str, current: Month) -> Colleague:
    key, name, role, pace, skill, stints = (cell.strip() for cell in line.split("|"))
    return Colleague(f"{key}@{MAIL}", name, role, float(pace), float(skill), _stints(stints, current))


def _stints(text: str, current: Month) -> tuple[Stint, ...]:
    places = [part.strip().rpartition(" ") for part in text.split(">")]
    days = [_day(day, current) for _, _, day in places]
    return tuple(
        Stint(team, start, until)
        for (team, _, _), start, until in zip(places, days, [*days[1:], None], strict=True)
        if team != "left"
    )


def _day(text: str, current: Month) -> date:
    months, day = (int(each) for each in text.split("/"))
    return current.plus(-months).first_day.replace(day=day)


def people_file(staff: Sequence[Colleague]) -> bytes:
    """Return the people file (design section 4) of these colleagues."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow("email,name,team,side,from,until,role,external_id".split(","))
    for number, each in enumerate(staff, 501):
        for stint in each.stints:
            until = stint.until or ""
            writer.writerow(
                (each.email, each.name, stint.team, TEAMS[stint.team], stint.starts_on, until, each.role, number)
            )
    return text.getvalue().encode()
