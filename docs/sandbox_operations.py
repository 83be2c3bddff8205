"""The table of Stripe's operations in docs/sandbox.md: ``python -m docs.sandbox_operations``
writes what the sandbox does with each."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import stripe

from stripe_sandbox.api.router import Support
from stripe_sandbox.sandbox import Sandbox, SandboxConfig
from stripe_sandbox.schema import sdk_operations
from stripe_sandbox.schema.sdk_operations import Operation

PAGE = Path(__file__).parent / "sandbox.md"
BEGIN, END = "<!-- operations: make operations -->\n", "<!-- end of operations -->\n"
_TOKEN = re.compile(r'def (\w+)\(|request\w*\(\s*"(get|post|delete)",\s*"(/v[12]/[^"]+)"')


def services() -> list[dict[str, Operation]]:
    """The operations of each of the SDK's services, by the names that it gives them."""
    folder = Path(stripe.__file__).parent
    found: list[dict[str, Operation]] = []
    for module in sorted(folder.rglob("_*_service.py")):
        operations: dict[str, Operation] = {}
        name = ""
        for method_name, method, path in _TOKEN.findall(module.read_text(encoding="utf-8")):
            name = method_name or name
            if path:
                operations[name.removesuffix("_async")] = Operation(method.upper(), path)
        if operations:
            found.append(operations)
    # What only classes of the SDK's call: a charge's refunds.
    called = {operation for operations in found for operation in operations.values()}
    return found + [
        {"retrieve" if operation.path.endswith("}") else "list": operation}
        for operation in sdk_operations.operations() - called
    ]


def resource_path(operations: dict[str, Operation]) -> str:
    """Where the service's objects are."""
    for name in ("list", "create", "retrieve"):
        if name in operations:
            return re.sub(r"/\{\w+\}$", "", operations[name].path)
    return next(iter(operations.values())).path.partition("/{")[0]


def table() -> str:
    """The table in Markdown."""
    sandbox = Sandbox(SandboxConfig(database=None))
    rows: dict[str, dict[Support, list[str]]] = {}
    for operations in services():
        row = rows.setdefault(resource_path(operations), defaultdict(list))
        for name, operation in operations.items():
            row[sandbox.support(operation)].append(name.replace("_", "\\_"))
    sandbox.close()
    head = "| Resource | Simulated | Listed empty | Refused |\n| --- | --- | --- | --- |\n"
    return head + "".join(
        f"| `{path}` | {' | '.join(', '.join(sorted(row[support])) for support in Support)} |\n"
        for path, row in sorted(rows.items())
    )


def page(text: str) -> str:
    """The page with the table as it should be."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
