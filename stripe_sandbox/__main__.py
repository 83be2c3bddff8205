"""`python -m stripe_sandbox`: loads what serving takes and no more, then serves."""

import gc
import sys

# The SDK loads every HTTP client that is installed, a third of a start, and nothing is sent with it
# here. None stands for a module that is not there:
# https://docs.python.org/3/reference/import.html#the-module-cache
absent = {"aiohttp", "httpx", "requests"} - sys.modules.keys()
sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
gc.disable()  # what is loaded stays

import stripe  # noqa: E402, F401

for name in absent:
    del sys.modules[name]

from stripe_sandbox.command import main  # noqa: E402

gc.freeze()
gc.set_threshold(20_000, 20, 20)  # a request leaves no cycles: to look for them costs a tenth
gc.enable()

if __name__ == "__main__":
    main()
