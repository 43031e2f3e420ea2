"""Prints the median and the longest file and function of the package; fails past 400 and 40 lines."""

import ast
import statistics
import sys
from pathlib import Path

FILE, FUNCTION = 400, 40


def functions(path: Path) -> list[tuple[int, str]]:
    """(lines of the body without docstring, place) of every function."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            size = (node.end_lineno or 0) - body[0].lineno + 1
            found.append((size, f"{path}:{node.lineno} {node.name}"))
    return found


def main() -> int:
    paths = sorted(Path("campaigns").rglob("*.py"))
    files = [(path.read_text("utf-8").count("\n"), str(path)) for path in paths]
    bodies = [function for path in paths for function in functions(path)]
    for title, sizes, most in (("file", files, FILE), ("function", bodies, FUNCTION)):
        print(f"{title}: median {statistics.median(n for n, _ in sizes):.0f}, longest {max(sizes)[0]} ({max(sizes)[1]})")
        for size, place in sorted(sizes):
            if size > most:
                print(f"{place}: {size} lines, more than {most}")
    return int(max(files)[0] > FILE or max(bodies)[0] > FUNCTION)


sys.exit(main())
