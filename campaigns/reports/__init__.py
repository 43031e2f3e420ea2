"""What a campaign came to, for people: a page that stands alone, and rows for a spreadsheet."""

from .figures import Figures, gather
from .law import law_statement
from .page import render
from .text import results_csv
from .writing import FORMATS, endings, figures_of, write_report

__all__ = [
    "FORMATS",
    "Figures",
    "endings",
    "figures_of",
    "gather",
    "law_statement",
    "render",
    "results_csv",
    "write_report",
]
