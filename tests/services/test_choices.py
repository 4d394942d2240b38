"""What members chose about displays: not to be shown, or a nickname that is nobody else's."""

import pytest
from sqlalchemy import select

from leaderboard.domain.errors import DisplayRefused, Refused
from leaderboard.services.choices import Choice, choice_of, choose
from leaderboard.storage.display_tables import DisplayChoice, Screens
from leaderboard.storage.trail_tables import AuditEntry
from tests.factories import ids_of
from tests.services.examples import set_up
from tests.services.screens import DORA, NOW


def test_a_member_chooses_and_chooses_again_and_each_change_reaches_the_screens(session):
    set_up(session)
    ids = ids_of(session)
    before = session.scalar(select(Screens.version)) or 0
    chosen = [(True, ""), (True, " Little   Owl "), (False, "Little Owl"), (False, "Little Owl"), (False, "")]
    for is_hidden, nickname in chosen:
        choose(session, ids["ana"], is_hidden=is_hidden, nickname=nickname, now=NOW, by=DORA)
        assert choice_of(session, ids["ana"]) == Choice(is_hidden, " ".join(nickname.split()) or None)
    assert choice_of(session, ids["bia"]) == Choice()
    assert session.scalars(select(DisplayChoice)).all() == []  # what needs no choice leaves none
    assert session.scalar(select(Screens.version)) == before + 4
    noted = session.execute(
        select(AuditEntry.about, AuditEntry.before, AuditEntry.after)
        .where(AuditEntry.action == "member.display_choice")
        .order_by(AuditEntry.id)
    ).all()
    assert len(noted) == 4
    assert noted[1] == ("member ana@example.com", "not shown; no nickname", "not shown; nickname Little Owl")


@pytest.mark.databases("sqlite")
def test_a_nickname_is_short_on_one_line_and_nobody_elses(session):
    set_up(session)
    ids = ids_of(session)

    def what(nickname):
        with pytest.raises(DisplayRefused) as caught:
            choose(session, ids["ana"], is_hidden=False, nickname=nickname, now=NOW, by=DORA)
        return caught.value.what

    choose(session, ids["bia"], is_hidden=False, nickname="Owl", now=NOW, by=DORA)
    assert [what(each) for each in ("x" * 41, "a\x1bb", "a\u202eb")] == ["nickname"] * 3
    assert [what(each) for each in ("bia", "OWL")] == ["taken"] * 2
    for own in ("x" * 40, "Ana", "ana"):
        choose(session, ids["ana"], is_hidden=False, nickname=own, now=NOW, by=DORA)
    with pytest.raises(Refused, match="no such member"):
        choose(session, 999, is_hidden=True, nickname="", now=NOW, by=DORA)
