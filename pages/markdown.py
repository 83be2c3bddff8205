"""Text that other people wrote, shown as text."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:&])")


def plain(text: str) -> str:
    """``text`` with everything escaped that Streamlit's Markdown would act on.

    Links, HTML, LaTeX, ``:red[colours]`` and ``:material/icons:`` all stay letters.
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
