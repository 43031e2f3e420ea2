"""Outbound calling campaigns: plan, dial, and settle an outcome for every contact."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from campaigns.domain.campaign import Campaign
    from campaigns.domain.facts import Facts, PeopleLimits
    from campaigns.domain.legal import Law, RuleBook
    from campaigns.files import load_campaign
    from campaigns.planner.comb import Capacity
    from campaigns.planner.decide import Call, Close, Wait, decide
    from campaigns.planner.forecast import Forecast, forecast
    from campaigns.planner.play import Lines
    from campaigns.planner.rates import Rates, assumed_rates
    from campaigns.planner.schedule import Schedule, ToCall, Window, cheapest_change, schedule
    from campaigns.rules import load_rules
    from campaigns.running import RunOptions, run_campaign
    from campaigns.summary import Summary

__all__ = [
    "Call",
    "Campaign",
    "Capacity",
    "Close",
    "Facts",
    "Forecast",
    "Law",
    "Lines",
    "PeopleLimits",
    "Rates",
    "RuleBook",
    "RunOptions",
    "Schedule",
    "Summary",
    "ToCall",
    "Wait",
    "Window",
    "assumed_rates",
    "cheapest_change",
    "decide",
    "forecast",
    "load_campaign",
    "load_rules",
    "run_campaign",
    "schedule",
]

_HOMES = {
    "domain.campaign": ("Campaign",),
    "domain.facts": ("Facts", "PeopleLimits"),
    "domain.legal": ("Law", "RuleBook"),
    "files": ("load_campaign",),
    "planner.comb": ("Capacity",),
    "planner.decide": ("Call", "Close", "Wait", "decide"),
    "planner.forecast": ("Forecast", "forecast"),
    "planner.play": ("Lines",),
    "planner.rates": ("Rates", "assumed_rates"),
    "planner.schedule": ("Schedule", "ToCall", "Window", "cheapest_change", "schedule"),
    "rules": ("load_rules",),
    "running": ("RunOptions", "run_campaign"),
    "summary": ("Summary",),
}
"""Where the public names live: imported when first asked for, because the command line needs few of them."""


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"campaigns.{home}"), name)
    raise AttributeError(f"module 'campaigns' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
