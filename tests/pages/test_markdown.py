from __future__ import annotations

import pytest

from pages.markdown import code, plain


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
