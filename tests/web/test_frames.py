import json

from hypothesis import given
from hypothesis import strategies as st

from leaderboard.web.frames import changes_between, event, frame_of, patch, whole

LINES = st.lists(st.sampled_from(["<tr>", "</tr>", "<td>1</td>", "<td>2</td>", "Ana", ""]), max_size=40)


def applied(lines, changes):
    """Return lines with changes made as a page makes them: from the last to the first."""
    lines = list(lines)
    for start, count, new in reversed(changes):
        lines[start : start + count] = new
    return lines


def data_of(sent):
    return json.loads(sent.decode().split("data: ", 1)[1])


@given(before=LINES, after=LINES)
def test_changes_turn_one_fragment_into_the_other(before, after):
    changes = changes_between(before, after)
    assert applied(before, changes) == after
    assert (changes == []) == (before == after)


def test_one_point_more_costs_its_own_lines_and_not_the_board():
    rows = [f"<td>{number}</td>" for number in range(1_000)]
    assert changes_between(rows, [*rows[:500], "<td>x</td>", *rows[501:]]) == [(500, 1, ["<td>x</td>"])]


def test_a_patch_says_what_it_starts_from_and_where_it_leads():
    before, after = frame_of("<p>\nAna 5\n</p>"), frame_of("<p>\nAna 10\n</p>")
    assert data_of(whole(before)) == {"tag": before.tag, "lines": ["<p>", "Ana 5", "</p>"]}
    assert data_of(patch(before, after)) == {"from": before.tag, "tag": after.tag, "patch": [[1, 1, ["Ana 10"]]]}
    assert before.tag != after.tag


def test_an_event_is_one_line_of_data_whatever_it_holds():
    sent = event("frame", {"lines": ["a\nb", "c\rd", "é"]}).decode()
    assert sent == 'event: frame\ndata: {"lines":["a\\nb","c\\rd","é"]}\n\n'
