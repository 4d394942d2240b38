"""Which passwords are too easy to guess."""

import pytest

from leaderboard.domain.passwords import make_password, password_problem

EMAIL = "ana.souza@aurora.example"


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("k9#vR2!mXq7", "short"),  # 11 characters
        ("k9#vR2!mXq7z", None),  # 12
        ("ação é ótima já", None),
        ("🏔️🚲🎻🪁🧭🪵🥁🎷🪴🧶🧵🪡", None),
        ("vier Dächer aus Zink", None),
        ("x7" + "ab9!" * 249 + "zz", None),  # 1,000
        ("x7" + "ab9!" * 249 + "zzz", "long"),  # 1,001
        ("password1234", "common"),
        ("P@ssw0rd!2026", "common"),
        ("qwertyuiop12", "common"),
        ("poiuytrewq98", "common"),
        ("1234567890123", "common"),
        ("aaaaaaaaaaaaaaa", "common"),
        ("abcabcabcabc", "common"),
        ("kukikukikukikuki", "common"),
        ("senha123456789", "common"),
        ("adminadmin123", "common"),
        ("leaderboard2026", "common"),
        ("correct horse battery staple", "common"),
        ("ana.souza2026", "personal"),
        ("AuroraAurora1!", "common"),
        ("SouzaPassword1", "personal"),
    ],
)
def test_a_password_is_long_and_not_made_of_what_is_tried_first(password, problem):
    assert password_problem(password, EMAIL) == problem


def test_made_passwords_are_fit_and_differ():
    made = {make_password() for _ in range(200)}
    assert len(made) == 200
    assert {password_problem(each, EMAIL) for each in made} == {None}
