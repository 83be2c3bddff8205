from __future__ import annotations

import pytest

from pages.components.text.markdown import code, link, plain


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
    assert plain("x\ud83d y\ud83d\ude00") == "x\ufffd y\U0001f600"
    assert code("x\ud83d y\ud83d\ude00") == "`x\ufffd y\U0001f600`"


@pytest.mark.parametrize(
    "text",
    [
        *(":smile:", ":+1:", ":100:", ":material/star:", ":material_star:", ":streamlit:"),
        *("a -> b", "<-", "a <-> b", "a -- b", "a >= b", "<=", "~= b"),
    ],
)
def test_what_streamlit_turns_into_pictures_and_arrows_stays_letters(text: str) -> None:
    """Streamlit replaces these after Markdown, when the backslashes are gone."""
    shown = plain(text).replace("\\", "")
    assert shown != text
    assert shown.replace("\u2060", "") == text


@pytest.mark.parametrize("text", ["10:30:45", "a: b", "x->y", "a-b", "https://example.com/a:b"])
def test_text_without_them_gets_no_hidden_sign(text: str) -> None:
    assert "\u2060" not in plain(text)


@pytest.mark.parametrize(
    ("url", "led_to"),
    [
        ("https://x.example/a#b%2Fc?d=e&f", "https://x.example/a#b%2Fc?d=e&f"),
        ("https://x) ![](https://evil/p.png", "https://x%29%20![]%28https://evil/p.png"),
        ("https://x\n\n# <b>`\\\ud83d", "https://x%0A%0A#%20%3Cb%3E%60%5C%EF%BF%BD"),
    ],
)
def test_a_link_cannot_be_left_from_within_its_address(url: str, led_to: str) -> None:
    assert link("Back", url) == f"[Back]({led_to})"
