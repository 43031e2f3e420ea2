"""The vendor's own campaigns and their leads (beta). Our runner uses none of this: it dials call by call."""

from typing import Unpack

from campaigns.vendors.hmsovereign.models import Campaign, CampaignLead

from .asking import Asking, filled
from .bodies import Campaign as CampaignBody
from .bodies import Lead


class Campaigning(Asking):
    """Campaigns dial inside one daily span in one zone; no weekdays, no pacing, no rules for another try."""

    async def list_campaigns(self) -> list[Campaign]:
        """GET /campaigns; there are no pages."""
        return await self.many(Campaign, "list_campaigns", "campaigns")

    async def get_campaign(self, campaign_id: str) -> Campaign:
        return await self.one(Campaign, "get_campaign", "campaign", ids={"id": campaign_id})

    async def create_campaign(  # noqa: PLR0913 - what a campaign must have
        self,
        name: str,
        *,
        agent_id: str,
        starts: str,
        ends: str,
        timezone: str,
        template: str | None = None,
        leads: list[Lead] | None = None,
    ) -> Campaign:
        """POST /campaigns: a draft, which dials nobody.

        Args:
            name: Of the campaign.
            agent_id: The assistant that talks.
            starts: Daily, `HH:MM:SS`.
            ends: Daily, `HH:MM:SS`.
            timezone: IANA name, one for everybody.
            template: Of the system message, with `{{variable}}` places.
            leads: Whom to call; more can be added one by one.
        """
        body = filled(
            name=name, agent_id=agent_id, schedule_start_time=starts, schedule_end_time=ends, timezone=timezone,
            system_message_template=template, leads=leads,
        )  # fmt: skip
        return await self.one(Campaign, "create_campaign", "campaign", body=body)

    async def update_campaign(self, campaign_id: str, **changes: Unpack[CampaignBody]) -> Campaign:
        """PATCH /campaigns/{id}, never repeated. A status of `scheduled` begins to dial, `paused` stops it."""
        return await self.one(Campaign, "update_campaign", "campaign", ids={"id": campaign_id}, body=dict(changes))

    async def delete_campaign(self, campaign_id: str) -> None:
        await self.done("delete_campaign", ids={"id": campaign_id})

    async def list_leads(self, campaign_id: str) -> list[CampaignLead]:
        """GET /campaigns/{id}/leads: all of them, oldest first."""
        return await self.many(CampaignLead, "list_leads", "leads", ids={"id": campaign_id})

    async def add_lead(self, campaign_id: str, lead: Lead) -> CampaignLead:
        """POST /campaigns/{id}/leads, never repeated: a lead that stands twice is called twice."""
        return await self.one(CampaignLead, "add_lead", "lead", ids={"id": campaign_id}, body=dict(lead))

    async def remove_lead(self, campaign_id: str, lead_id: str) -> None:
        """DELETE /campaigns/{id}/leads/{lead}; refused while the lead is being called."""
        await self.done("remove_lead", ids={"id": campaign_id, "lead_id": lead_id})
