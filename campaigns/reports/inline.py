"""Makes a drawing of matplotlib part of a page: it takes the page's colours and font, and asks for nothing."""

import io
import re
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

_STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "report", "font.family": "sans-serif", "font.size": 9.0}
"""Text stays text: it can be searched, read aloud and drawn in the page's own font; and the same drawing is the same
text every time."""
_DROPPED = re.compile(
    r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>"
    r'| xmlns(?::\w+)?="[^"]*"| (?:width|height)="[\d.]+pt"| version="1\.1"',
    re.DOTALL,
)
_NAMED = re.compile(r'(\bid="|"#|url\(#)')
_FONT = re.compile(r"(font-size: |font: )([\d.]+px)(?: |; font-family: )[^;\"]*")
_FINE = re.compile(r"(\d+\.\d{2})\d+")


def inline(figure: Figure, name: str, colours: dict[str, str]) -> str:
    """The figure as an `<svg>` for the midst of a page.

    Args:
        figure: The drawing.
        name: Goes before every id, so that no two drawings of a page share one.
        colours: What the drawing uses → what the page calls it, such as `#1a8a63` → `var(--green)`.
    """
    out = io.StringIO()
    with rc_context(_STYLE):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = out.getvalue()
    text = _DROPPED.sub("", text[text.index("<svg") :]).replace("xlink:href", "href")
    text = _FINE.sub(r"\1", _FONT.sub(r"font-size: \2", _NAMED.sub(rf"\g<1>{name}-", text)))
    for drawn, called in colours.items():
        text = text.replace(drawn, called)
    return text.replace("<svg", '<svg class="chart" aria-hidden="true" focusable="false"', 1)
