"""Texts with `{{ … }}` in them: what may stand there, what they need, and how they are filled.

They come from the campaign file and are filled with data of people: nothing in them can call, loop or reach an object.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

VALUE_LIMIT = 2_000
"""Characters of a value; what is beyond is cut off."""
TEMPLATE_LIMIT = 2_000
_UNSPOKEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")

Read = tuple[str, str]
"""`name` and a name, or `column` and a header: `remark`, `row['Remark']`."""


class Unfilled(ValueError):
    """A template cannot be filled with these values; the text says why, without any of them."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text that was checked, ready to be filled."""

    needs: tuple[Read, ...]
    """What it cannot do without."""
    reads: frozenset[Read]
    """Whatever it names, `needs` included."""
    _template: Template = field(repr=False)
    _alone: Read = ("", "")
    """What the text is nothing else than: `{{ name }}`."""

    def render(self, values: Mapping[str, object]) -> str:
        """The text, filled. Raises Unfilled."""
        kind, name = self._alone
        among = values.get("row") if kind == "column" else values
        if kind and isinstance(among, Mapping) and type(text := among.get(name)) is str:
            return text  # as the template would, in a tenth of the time
        try:
            return self._template.render(values)
        except TemplateError as error:
            raise Unfilled(f"{error.message}") from None
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
            raise Unfilled("its value cannot be made from this row") from None


@lru_cache(maxsize=1024)
def compiled(text: str, *, most: int = TEMPLATE_LIMIT) -> Words:
    """A text of at most `most` characters, checked. Raises ValueError that says what is not allowed."""
    try:
        tree = _checked(text, most)
        reads = [read for node in tree.find_all((nodes.Name, nodes.Getitem)) if (read := _read_by(node))[0]]
        defaulted = {_read_by(node.node) for node in tree.find_all(nodes.Test)}
        defaulted |= {_read_by(node.node) for node in tree.find_all(nodes.Filter) if node.name == "default"}
        needs = tuple(read for read in reads if read not in defaulted)
        return Words(needs, frozenset(reads), _JINJA.from_string(text), _alone(tree))
    except (TemplateError, ArithmeticError, TypeError, SyntaxError, RecursionError) as error:
        raise ValueError(f"{error}") from None


def speakable(text: str) -> str:
    """Text for an agent: without control characters and marks that turn its direction, cut to VALUE_LIMIT."""
    plain = text if text.isprintable() else _UNSPOKEN.sub(" ", text)  # nothing unspoken is printable
    return plain.strip()[:VALUE_LIMIT]


class _Empty(StrictUndefined):
    """An empty cell, or a column that is not there: an error unless `default` is applied."""

    @property
    def _undefined_message(self) -> str:
        return f"'{self._undefined_name}' is empty"


class _Closed(ImmutableSandboxedEnvironment):
    def getitem(self, obj: Any, argument: Any) -> Any:
        """Texts have characters and rows have columns; neither has anything else that anybody needs."""
        try:
            return obj[argument]
        except (AttributeError, TypeError, LookupError):
            return self.undefined(obj=obj, name=argument)


def _replace(text: object, old: str, new: str) -> str:
    if len(str(text)) * max(len(new), 1) > VALUE_LIMIT * 50:
        raise ValueError("too long")
    return str(text).replace(old, new)


def _round(value: object, digits: int = 0) -> float:
    return round(float(str(value)), max(0, min(digits, 15)))


_FILTERS = (
    "default", "upper", "lower", "title", "trim", "capitalize", "truncate", "int", "float", "length", "first", "last",
    "join",
)  # fmt: skip
_EXPRESSIONS = (
    nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Keyword,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test, nodes.Concat, nodes.Add,
    nodes.Sub, nodes.Neg, nodes.Template,
)  # fmt: skip

_JINJA = _Closed(undefined=_Empty, autoescape=False)  # spoken, never HTML
_JINJA.filters = {name: _JINJA.filters[name] for name in _FILTERS} | {"replace": _replace, "round": _round}
_JINJA.tests = {name: _JINJA.tests[name] for name in ("defined", "undefined")}
_JINJA.globals.clear()


def _checked(text: str, most: int) -> nodes.Template:
    """The parsed template; refuses what could run long, reach out, or print a whole row. Raises ValueError."""
    if len(text) > most:
        raise ValueError(f"longer than {most} characters.")
    tree = _JINJA.parse(text)
    subscripts = {id(node.node) for node in tree.find_all(nodes.Getitem) if isinstance(node.arg, nodes.Const)}
    for node in tree.find_all(nodes.Node):
        word = type(node).__name__.lower()
        if not isinstance(node, _EXPRESSIONS):
            hint = " Write row['Any header'] for a column." if isinstance(node, nodes.Getattr) else ""
            raise ValueError(f"'{word}' is not allowed here.{hint}")
        if isinstance(node, nodes.Name) and node.name == "row" and id(node) not in subscripts:
            raise ValueError("`row` needs the header of a column: row['Any header'].")
    return tree


def _alone(tree: nodes.Template) -> Read:
    """What a text reads that is one expression and nothing else."""
    body = tree.body[0] if len(tree.body) == 1 else None
    return _read_by(body.nodes[0]) if isinstance(body, nodes.Output) and len(body.nodes) == 1 else ("", "")


def _read_by(node: nodes.Node | None) -> Read:
    """What an expression reads, if it is that simple; else a pair of empty texts."""
    if isinstance(node, nodes.Name):
        return ("", "") if node.name == "row" else ("name", node.name)
    if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name) and node.node.name == "row":
        return ("column", str(node.arg.value)) if isinstance(node.arg, nodes.Const) else ("", "")
    return "", ""
