"""The pages that there are: each says where it stands, what it is called, and who may see it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from campaigns.desk.access import Role

Builder = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `build(view, **what the path names)` fills it."""

    path: str
    title: str
    """The key of its title; the browser's tab shows it."""
    menu: str
    """The key of its word in the navigation; empty: it is reached by links."""
    order: int
    needs: Role
    build: Builder


PAGES: dict[str, Page] = {}
"""By path; filled by importing `pages`."""


def page(path: str, *, title: str, menu: str = "", order: int = 100, needs: Role = Role.READ) -> Callable[[Any], Any]:
    """Register a page. `order` sorts the navigation."""

    def register(build: Builder) -> Builder:
        PAGES[path] = Page(path, title, menu, order, needs, build)
        return build

    return register


def in_menu(role: Role) -> list[Page]:
    """What the navigation shows to this role."""
    return sorted((one for one in PAGES.values() if one.menu and role.allows(one.needs)), key=lambda one: one.order)
