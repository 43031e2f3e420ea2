"""Plain HTML elements with the classes of `look.css`: what pages are made of."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

Handler = Callable[[], object | Awaitable[object]]


def box(tag: str = "div", classes: str = "", **props: object) -> Element:
    """An element that holds others. Props are attributes; `aria_label` is written `aria-label`."""
    element = Element(tag)
    return _dressed(element, classes, props)


def text(words: str, tag: str = "span", classes: str = "", **props: object) -> TextElement:
    """An element that holds a text; set `.text` to change it."""
    element = TextElement(tag=tag, text=words)
    _dressed(element, classes, props)
    return element


def markup(tag: str = "div", classes: str = "", **props: object) -> ui.html:
    """One element for what would be dozens: each costs the server a third of a millisecond. See `write`."""
    element = ui.html("", sanitize=False, tag=tag)
    _dressed(element, classes, props)
    return element


def write(element: ui.html, html: str) -> None:
    """Set the content of a `markup` where it is another. Whatever is not ours in it has gone through `escape`."""
    if element.content != html:
        element.content = html


def link(words: str, to: str, classes: str = "", **props: object) -> TextElement:
    """A link within the dashboard; real navigation, so that history and middle click work."""
    return text(words, "a", classes, href=to, **props)


def button(words: str, press: Handler, classes: str = "", **props: object) -> TextElement:
    """A button: `primary`, `danger`, or plain."""
    element = text(words, "button", f"button {classes}", type="button", **props)
    element.on("click", lambda _event: press())
    return element


def card(title: str, classes: str = "", *, level: int = 2) -> Element:
    """A titled section; its content is what follows in its `with` block."""
    section = box("section", f"card {classes}")
    with section:
        heading = text(title, f"h{level}", "card-title")
    section.props["aria-labelledby"] = heading.html_id
    return section


def badge(words: str, tone: str, classes: str = "") -> TextElement:
    """A word on its colour."""
    return text(words, "span", f"badge tone-{tone} {classes}")


def table(caption: str, columns: Sequence[tuple[str, str]], classes: str = "") -> Element:
    """A table in a box that scrolls sideways where it must; gives its body, for rows.

    Columns are words and classes (`n`: a number).
    """
    with box("div", f"scroll {classes}", tabindex="0", role="region", aria_label=caption), box("table", "grid"):
        text(caption, "caption", "hidden")
        with box("thead"), box("tr"):
            for words, kind in columns:
                text(words, "th", kind, scope="col")
        return box("tbody")


def put(element: Element, name: str, value: object) -> None:
    """Set an attribute, or take it away (None), where it is another: what is the same is not sent again."""
    if value is None:
        if name in element.props:
            del element.props[name]
    elif element.props.get(name) != value:
        element.props[name] = value


def say(element: TextElement, words: str) -> None:
    """Set a text where it is another."""
    if element.text != words:
        element.text = words


def retone(element: Element, tone: str) -> None:
    """Give an element another colour."""
    wanted = f"tone-{tone}"
    if wanted not in element.classes:
        old = " ".join(name for name in element.classes if name.startswith("tone-"))
        element.classes(add=wanted, remove=old)


def show(element: Element, *, visible: bool) -> None:
    """Show or hide an element."""
    if element.visible is not visible:
        element.visible = visible


def _dressed(element: Element, classes: str, props: dict[str, object]) -> Element:
    if classes.strip():
        element.classes(classes)
    for name, value in props.items():
        element.props[name.replace("_", "-")] = value
    return element
