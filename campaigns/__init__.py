"""Outbound calling campaigns: plan, dial, and settle an outcome for every contact."""

from campaigns.domain.campaign import Campaign
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.files import load_campaign
from campaigns.planner.decide import Call, Close, Wait, decide
from campaigns.running import RunOptions, run_campaign
from campaigns.summary import Summary

__all__ = [
    "Call",
    "Campaign",
    "Close",
    "Facts",
    "PeopleLimits",
    "RunOptions",
    "Summary",
    "Wait",
    "decide",
    "load_campaign",
    "run_campaign",
]
