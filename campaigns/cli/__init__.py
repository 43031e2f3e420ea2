"""The command line: translates words into calls and answers into text, and decides nothing."""

from .main import main

__all__ = ["main"]
