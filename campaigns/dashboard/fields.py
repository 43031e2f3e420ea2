"""What people type into: plain, labelled inputs whose value is known when a button is pressed."""

import json
from collections.abc import Mapping

from nicegui.element import Element

from .elements import box, put, text

_TYPED = "(event) => emit(event.target.value)"


class Field:
    """One labelled input. Its value is what stands in it now."""

    def __init__(self, label: str, kind: str = "text", value: str = "", hint: str = "", **props: object) -> None:
        """`kind`: a type of HTML inputs, or `textarea`. Props are its attributes, such as `required=True`."""
        self.value = value
        self.hint = hint
        with box("div", "field"):
            self._label = text(label, "label")
            self.element = self._made(kind, props)
            self.element.on("input", self._typed, js_handler=_TYPED)
            self._label.props["for"] = self.element.html_id
            self._explained()

    def _made(self, kind: str, props: dict[str, object]) -> Element:
        if kind == "textarea":
            return text(self.value, "textarea", "", rows=3, **props)
        element = box("input", "", type=kind, **props)
        # As an attribute: Vue would set the property back to it with whatever else changes here.
        element.props["^value"] = self.value
        return element

    def _explained(self) -> None:
        if self.hint:
            hint = text(self.hint, "p", "soft small")
            self.element.props["aria-describedby"] = hint.html_id

    def _typed(self, event: object) -> None:
        self.value = str(getattr(event, "args", ""))

    def focus(self) -> None:
        """Go there."""
        self.element.client.run_javascript(f"getHtmlElement({self.element.id})?.focus()")

    def put(self, value: str) -> None:
        """Write something else into it."""
        self.value = value
        self.element.client.run_javascript(f"getHtmlElement({self.element.id}).value = {json.dumps(value)}")


class Choice(Field):
    """One of several."""

    def __init__(
        self, label: str, options: Mapping[str, str], value: str = "", hint: str = "", **props: object
    ) -> None:
        """`options`: what the value is → what is read."""
        self._options = options
        super().__init__(label, "select", value or next(iter(options), ""), hint, **props)

    def _made(self, kind: str, props: dict[str, object]) -> Element:
        with box(kind, "", **props) as element:
            for value, words in self._options.items():
                option = text(words, "option")
                option.props["^value"] = value
                put(option, "^selected", "" if value == self.value else None)
        return element
