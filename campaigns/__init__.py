"""Outbound calling campaigns: plan, dial, and settle an outcome for every contact."""

from campaigns.domain.campaign import Campaign
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.legal import Law, RuleBook
from campaigns.files import load_campaign
from campaigns.planner.decide import Call, Close, Wait, decide
from campaigns.rules import load_rules
from campaigns.running import RunOptions, run_campaign
from campaigns.summary import Summary

__all__ = [
    "Call",
    "Campaign",
    "Close",
    "Facts",
    "Law",
    "PeopleLimits",
    "RuleBook",
    "RunOptions",
    "Summary",
    "Wait",
    "decide",
    "load_campaign",
    "load_rules",
    "run_campaign",
]
