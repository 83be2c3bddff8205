"""What forked processes have loaded: the product, what starts it, and what upgrades a database.

Not pandas, which the pages load: its libraries start threads, and what has threads is not to be
forked.
"""

from importlib import import_module
from pkgutil import walk_packages

import streamlit.web.bootstrap
import streamlit.web.cli  # noqa: F401

import billing
import stripe_sandbox

SCRIPTS = ("__main__", "env")  # they do something when they are imported

for package in (billing, stripe_sandbox):
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        if module.name.rpartition(".")[2] not in SCRIPTS:
            import_module(module.name)
