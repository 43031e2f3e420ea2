"""Outbound calling campaigns: plan, dial, and settle an outcome for every contact."""

from campaigns.domain.campaign import Campaign
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.legal import Law, RuleBook
from campaigns.files import load_campaign
from campaigns.planner.comb import Capacity
from campaigns.planner.decide import Call, Close, Wait, decide
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
    "Law",
    "PeopleLimits",
    "RuleBook",
    "RunOptions",
    "Schedule",
    "Summary",
    "ToCall",
    "Wait",
    "Window",
    "cheapest_change",
    "decide",
    "load_campaign",
    "load_rules",
    "run_campaign",
    "schedule",
]
