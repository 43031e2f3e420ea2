"""Callab AI (Clusterlabs): `from campaigns.vendors.callab import Callab`."""

from .client import Callab
from .facts import Facts
from .models import CampaignDraft, CampaignRecord, RecordedCall
from .where import Where

__all__ = ["Callab", "CampaignDraft", "CampaignRecord", "Facts", "RecordedCall", "Where"]
