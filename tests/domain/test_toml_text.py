"""Reading TOML: what would take all memory is refused before it is read."""

import pytest

from leaderboard.domain.toml_text import MOST_DOTS, read_toml


@pytest.mark.parametrize("part", ["a", '"a b"', "'a'", "a "])
def test_a_key_has_so_many_parts_at_most_and_one_more_is_refused(part):
    key = ".".join([part] * (MOST_DOTS + 1))
    assert read_toml(f"x = 1\n{key} = 1")["x"] == 1
    for text in (f"x = 1\n{key}.b = 1", f"[{key}.b]", f"x = {{a = '''\n''', {key}.b = 1}}"):
        with pytest.raises(ValueError, match=f"has more than {MOST_DOTS} points"):
            read_toml(text)


def test_sentences_and_ellipses_are_no_keys():
    text = "It is so. " * MOST_DOTS + "." * 1_000
    assert read_toml(f'x = "{text}"') == {"x": text}
