"""3,000 trainings: done by their date or not (K4)."""

from collections import Counter

import pytest

MONTHS = [f"2022-{month:02}" for month in range(8, 13)] + [f"2023-{month:02}" for month in range(1, 9)]


@pytest.fixture(scope="module")
def training(example):
    with example("training") as run:
        yield run


@pytest.fixture(scope="module")
def figures(expected):
    return expected("hr_training")


def test_k4_trainings_done_and_due_by_month(training, figures):
    done, due = Counter(), Counter()
    for month in MONTHS:
        for row in training.attainments(month):
            due[month] += 1
            done[month] += row["level"] == "met"
            assert row["value"] == (0 if row["level"] == "met" else None)
    assert due == figures["rows_by_month"]
    assert done == figures["completed_by_month"]


def test_p3_trainings_count_for_the_department(training, figures):
    done, due = Counter(), Counter()
    for month in MONTHS:
        for row in training.standings(month, "team"):
            done[row["key"]] += row["met"]
            due[row["key"]] += row["met"] + row["missed"]
            assert row["points"] == 10 * row["met"]
    assert {team: [due[team], done[team]] for team in due} == figures["by_department"]


def test_p3_the_sales_department_month_by_month(training, figures):
    found = {}
    for month in MONTHS:
        row = next(row for row in training.standings(month, "team") if row["key"] == "Sales")
        found[month] = [row["met"] + row["missed"], row["met"]]
    assert found == figures["sales_by_month"]
    assert "Everything agrees with the events." in training.printed
