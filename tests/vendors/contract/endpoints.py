"""Every endpoint of every vendor as the code has it, for the README's tables: `python endpoints.py` prints them."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from starlette.routing import BaseRoute, Mount
from starlette.routing import Route as Served

from campaigns.clock import SystemClock
from campaigns.vendors import simulate
from campaigns.vendors.rest import Route

VENDORS = {"flireo": "Flireo", "hmsovereign": "HMSovereign", "callbell": "Callbell", "callab": "Callab"}
TITLES = {
    "flireo": "Flireo AI (generation A)", "hmsovereign": "HMS Sovereign (Flireo generation B)",
    "callbell": "Callbell", "callab": "Callab AI (V1 and V0)",
}  # fmt: skip
PACKAGE = Path(__file__).parents[3] / "campaigns" / "vendors"
TESTS = Path(__file__).parents[1]


def routes(vendor: str) -> dict[str, Route]:
    """Operation → where it is."""
    found: dict[str, Route] = import_module(f"campaigns.vendors.{vendor}.facts").ROUTES
    return found


def methods(vendor: str) -> dict[str, list[str]]:
    """Operation → the public methods of the client that ask it, the nearest first, by reading the source."""
    functions = [function for path in sorted((PACKAGE / vendor).rglob("*.py")) for function in _functions(path)]
    client = getattr(import_module(f"campaigns.vendors.{vendor}"), VENDORS[vendor])
    public = {name for name in dir(client) if not name.startswith("_")}
    return {operation: _askers(operation, functions, public) for operation in routes(vendor)}


def _functions(path: Path) -> Iterator[tuple[str, set[str]]]:
    """(name, every word in it) of each function."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = list(ast.walk(node))
            words = {part.value for part in inside if isinstance(part, ast.Constant) and isinstance(part.value, str)}
            yield node.name, words | {part.attr for part in inside if isinstance(part, ast.Attribute)}


def _askers(operation: str, functions: list[tuple[str, set[str]]], public: set[str]) -> list[str]:
    """The method that is named so, those that name it, and those that call such a one."""
    found, names = [operation] if operation in public else [], {operation}
    for _ in range(3):
        near = {name for name, words in functions if words & names}
        found += sorted((near & public) - set(found))
        names |= near
    return found


def served(vendor: str) -> set[tuple[str, str]]:
    """Every method and path that the vendor's simulator answers."""
    found = set()
    simulator = simulate(vendor, clock=SystemClock())
    for path, route in _routes(simulator.app.routes, ""):  # type: ignore[attr-defined]
        found |= {(method, bare(path.removeprefix(simulator.prefix))) for method in route.methods or ()}
    return found


def _routes(routes: list[BaseRoute], above: str) -> Iterator[tuple[str, Served]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _routes(route.routes, above + route.path)
        elif isinstance(route, Served):
            yield above + route.path, route


def proof(vendor: str) -> dict[str, str]:
    """Operation → the file of tests that asks it by a method of the client."""
    files = sorted((TESTS / vendor).glob("*.py"))
    words = {file.name: set(re.findall(r"\w+", file.read_text("utf-8"))) for file in files}
    return {
        operation: next((file for file, found in words.items() if found.intersection(askers)), "")
        for operation, askers in methods(vendor).items()
    }


def bare(path: str) -> str:
    """A path whatever the places in it are called."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def table(vendor: str) -> str:
    """One table of the README."""
    asked, server, tests = methods(vendor), served(vendor), proof(vendor)
    lines = [
        f"**{TITLES[vendor]}**",
        "",
        "| endpoint | | client | simulator | test |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, route in routes(vendor).items():
        known = ("ASSUMED" if route.assumed else "seen") + (", legacy" if route.legacy else "")
        answers = "yes" if shape(route) in server else "no"
        lines.append(f"| `{route.method} {route.path}` | {known} | `{asked[name][0]}` | {answers} | `{tests[name]}` |")
    return "\n".join(lines)


def tables() -> str:
    """All tables of the README."""
    return "\n\n".join(table(vendor) for vendor in VENDORS)


def shape(route: Route) -> tuple[str, str]:
    """Method and path, whatever the places in it are called."""
    return route.method, bare(route.path)


if __name__ == "__main__":
    print(tables())  # noqa: T201 - that is what it is for
