"""A button that copies a text which is not shown; one that is shown is a ``copyable``."""

from __future__ import annotations

import streamlit as st

_HTML = """
<button type="button">
  <svg viewBox="0 0 24 24" aria-hidden="true"><path/></svg>
  <span></span>
</button>
<output></output>
"""
_CSS = """
button {
  display: inline-flex; align-items: center; justify-content: center; gap: 0.5rem;
  min-height: 2.5rem; padding: 0.25rem 0.75rem; cursor: pointer; white-space: nowrap;
  font: 400 0.875rem/1.6 var(--st-font); color: var(--st-text-color);
  background: transparent; border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius);
}
button:hover { border-color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
svg { width: 1.1rem; height: 1.1rem; fill: currentColor; flex: none; }
output {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
@media (max-width: 640px) {
  button span {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  }
}
"""
# Pages that are not on https may not use the clipboard: there the selection is copied.
_JS = """
const COPY = "M16 1H4a2 2 0 0 0-2 2v14h2V3h12zm3 4H8a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h11a2 2 0 0 0"
  + " 2-2V7a2 2 0 0 0-2-2m0 16H8V7h11z";
const DONE = "M9 16.2 4.8 12l-1.4 1.4L9 19 21 7l-1.4-1.4z";

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  const [icon, label] = [button.querySelector("path"), button.querySelector("span")];
  const said = parentElement.querySelector("output");
  icon.setAttribute("d", COPY);
  label.textContent = button.title = data.label;
  button.onclick = async () => {
    await copy(data.text);
    icon.setAttribute("d", DONE);
    said.textContent = "Copied";
    setTimeout(() => {
      icon.setAttribute("d", COPY);
      said.textContent = "";
    }, 2000);
  };
}
"""
_BUTTON = st.components.v2.component("copy_button", html=_HTML, css=_CSS, js=_JS)


def copy_button(label: str, text: str, *, key: str) -> None:
    """A button that copies ``text``; where the window is narrow, its label is a tooltip only."""
    _BUTTON(data={"label": label, "text": text}, key=key, width="content")
