from __future__ import annotations

import pytest

from pages.markdown import code, plain, readable


def test_everything_that_markdown_acts_on_is_escaped() -> None:
    assert plain("*a* [b](c) <i> $x$ :red[y] `z`") == (
        r"\*a\* \[b\]\(c\) \<i\> \$x\$ \:red\[y\] \`z\`"
    )


def test_lines_are_joined_so_that_no_list_or_heading_can_begin() -> None:
    assert plain("a\n# b\n\n- c") == r"a \# b \- c"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a@b.c", "`a@b.c`"), ("a`b", "`` a`b ``"), ("```", "```` ``` ````"), ("a\nb", "`a b`")],
)
def test_inline_code_cannot_be_left_from_within(text: str, shown: str) -> None:
    assert code(text) == shown


def test_half_a_surrogate_pair_becomes_a_replacement_character_and_a_whole_one_stays() -> None:
    assert readable("a\ud83d b \ude00") == "a\ufffd b \ufffd"
    assert readable("\ud83d\ude00") == readable("\U0001f600") == "\U0001f600"
    assert plain("x\ud83d") == "x\ufffd"
    assert code("x\ud83d") == "`x\ufffd`"
