"""Every endpoint of every vendor as the code has it, for the README's tables: `python endpoints.py` prints them."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from campaigns.vendors.rest import Route

VENDORS = {"flireo": "Flireo", "hmsovereign": "HMSovereign", "callbell": "Callbell", "callab": "Callab"}
TITLES = {
    "flireo": "Flireo AI (generation A)", "hmsovereign": "HMS Sovereign (Flireo generation B)",
    "callbell": "Callbell", "callab": "Callab AI (V1 and V0)",
}  # fmt: skip
PACKAGE = Path(__file__).parents[3] / "campaigns" / "vendors"


def routes(vendor: str) -> dict[str, Route]:
    """Operation → where it is."""
    found: dict[str, Route] = import_module(f"campaigns.vendors.{vendor}.facts").ROUTES
    return found


def methods(vendor: str) -> dict[str, str]:
    """Operation → the public method of the client that asks it, by reading the source."""
    functions = [function for path in sorted((PACKAGE / vendor).glob("*.py")) for function in _functions(path)]
    client = getattr(import_module(f"campaigns.vendors.{vendor}"), VENDORS[vendor])
    public = {name for name in dir(client) if not name.startswith("_")}
    return {operation: _asker(operation, functions, public) for operation in routes(vendor)}


def _functions(path: Path) -> Iterator[tuple[str, set[str]]]:
    """(name, every word in it) of each function."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = list(ast.walk(node))
            words = {part.value for part in inside if isinstance(part, ast.Constant) and isinstance(part.value, str)}
            yield node.name, words | {part.attr for part in inside if isinstance(part, ast.Attribute)}


def _asker(operation: str, functions: list[tuple[str, set[str]]], public: set[str]) -> str:
    """The method that is named so, else one that names it, else one that calls such a one."""
    if operation in public:
        return operation
    names = {operation}
    for _ in range(3):
        found = sorted({name for name, words in functions if words & names})
        for name in found:
            if name in public:
                return name
        names |= set(found)
    return ""


def table(vendor: str) -> str:
    """One table of the README."""
    asked = methods(vendor)
    lines = [f"**{TITLES[vendor]}**", "", "| endpoint | | client |", "| --- | --- | --- |"]
    for operation, route in routes(vendor).items():
        known = "ASSUMED" if route.assumed else "seen"
        known += ", legacy" if route.legacy else ""
        lines.append(f"| `{route.method} {route.path}` | {known} | `{asked[operation]}` |")
    return "\n".join(lines)


def tables() -> str:
    """All tables of the README."""
    return "\n\n".join(table(vendor) for vendor in VENDORS)


def shape(route: Route) -> tuple[str, str]:
    """Method and path, whatever the places in it are called."""
    return route.method, re.sub(r"\{[^}]*\}", "{}", route.path)


if __name__ == "__main__":
    print(tables())  # noqa: T201 - that is what it is for
