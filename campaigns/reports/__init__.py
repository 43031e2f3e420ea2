"""What a campaign came to, for people: a page that stands alone, and rows for a spreadsheet."""

from .figures import Figures, gather
from .page import render, write_report
from .rows import results_csv

__all__ = ["Figures", "gather", "render", "results_csv", "write_report"]
