"""Text that other people wrote, shown as text."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:&])")


def readable(text: str) -> str:
    """``text`` with a replacement character for half of a surrogate pair, which neither a table
    nor an element can carry to the browser."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def plain(text: str) -> str:
    """``text`` with everything escaped that Streamlit's Markdown would act on.

    HTML, LaTeX, ``:red[colours]`` and ``:material/icons:`` all stay letters. (An address is
    still made a link: use ``code`` for those.)
    """
    return _SPECIAL.sub(r"\\\1", " ".join(readable(text).split()))


def code(text: str) -> str:
    """``text`` as inline code, whatever it holds: for ids, addresses and e-mails."""
    text = " ".join(readable(text).split())
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"
