"""Text that other people wrote, shown as text."""

from __future__ import annotations

import re
from urllib.parse import quote

from billing.safe_text import sanitize

# Streamlit looks for these in the finished text, where a backslash is no longer seen:
# ``:smile:``, ``:material/star:``, and arrows such as ``->`` that stand alone.
_LATE = re.compile(r":(?!\d\d:)(?=[\w+-][\w+/-]*:)|(?<!\S)[<>~-](?=(?:->|[>=-])(?!\S))")
_WORD_JOINER = "\u2060"  # has no width and cannot be seen
_IN_ADDRESSES = "%/:?#[]@!$&'*+,=~"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:&])")


def plain(text: str) -> str:
    """``text`` with everything escaped that Streamlit's Markdown would act on.

    HTML, LaTeX, ``:red[colours]``, ``:material/icons:`` and ``:smile:`` all stay letters. (An
    address is still made a link: use ``code`` for those.)
    """
    text = _LATE.sub(rf"\g<0>{_WORD_JOINER}", " ".join(sanitize(text).split()))
    return _SPECIAL.sub(r"\\\1", text)


def code(text: str) -> str:
    """``text`` as inline code, whatever it holds: for ids, addresses and e-mails."""
    text = " ".join(sanitize(text).split())
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def link(label: str, url: str) -> str:
    """``label``, which is Markdown, as a link that leads to ``url`` whatever it holds."""
    return f"[{label}]({quote(sanitize(url), safe=_IN_ADDRESSES)})"
