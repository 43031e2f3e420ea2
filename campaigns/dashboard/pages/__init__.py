"""One module a page. See `campaigns.dashboard` for how to add one."""

from importlib import import_module

NAMES = (
    "campaigns", "campaign", "leads", "contact", "search", "doubts", "do_not_call", "do_not_call_import", "rules",
    "health", "reports",
    "tokens",
)  # fmt: skip


def register() -> None:
    """Import every page, so that the registry knows it."""
    for name in NAMES:
        import_module(f".{name}", __package__)
