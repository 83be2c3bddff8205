"""Streamlit's log, by the handler of this process's own."""

from __future__ import annotations

import logging

from streamlit import logger as streamlit_logger


def share_log_handler() -> None:
    """Have Streamlit's loggers, and uvicorn's, which it sets up, write by our handler: it gives
    each a handler and a format of its own. What is asked for is not logged: addresses hold emails,
    a provider's codes and the secret of a demo."""

    def propagate(logger: logging.Logger) -> None:
        logger.handlers.clear()
        logger.propagate = logger.name != "uvicorn.access"

    streamlit_logger.setup_formatter = propagate  # of loggers that come later
    streamlit_logger.update_formatter()
