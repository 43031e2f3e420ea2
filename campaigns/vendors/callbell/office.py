"""Who and what an account of Callbell has: channels, teams, funnels, templates, presence of agents, the plan."""

from collections.abc import AsyncIterator, Sequence
from typing import TypedDict, Unpack

from .models import Channel, CustomStatus, Funnel, Plan, Team, TeamMember, Template
from .speaking import Listed, Speaking, numbered


class Presence(TypedDict, total=False):
    available: bool
    """False: away."""
    custom_status_uuid: str


class Office(Speaking):
    """Pages: https://docs.callbell.eu/api/reference/, one folder for each resource."""

    async def list_channels(
        self,
        *,
        page: int = 1,
        kind: str | None = None,
        active: bool | None = None,
    ) -> Listed[Channel]:
        """One page. `kind`: facebook, whatsapp, instagram, telegram."""
        query = {"page": str(page), "type": kind, "active": None if active is None else str(active).lower()}
        return await self._list(Channel, "channels", "list_channels", query)

    async def channels(self) -> AsyncIterator[Channel]:
        """All of them, each once."""
        async for found in numbered(lambda page: self.list_channels(page=page)):
            for channel in found:
                yield channel

    async def get_channel(self, uuid: str) -> Channel:
        return await self._one(Channel, "channel", "get_channel", uuid=uuid)

    async def update_channel(self, uuid: str, title: str) -> Channel:
        return await self._one(Channel, "channel", "update_channel", {"title": title}, uuid=uuid)

    async def list_teams(self) -> Sequence[Team]:
        return (await self._list(Team, "teams", "list_teams")).items

    async def get_team(self, uuid: str) -> Team:
        return await self._one(Team, "team", "get_team", uuid=uuid)

    async def update_team(self, uuid: str, name: str) -> Team:
        return await self._one(Team, "team", "update_team", {"name": name}, uuid=uuid)

    async def list_team_members(self, uuid: str, *, page: int = 1, status: str | None = None) -> Listed[TeamMember]:
        """One page. `status`: available or away."""
        query = {"page": str(page), "status": status}
        return await self._list(TeamMember, "users", "list_team_members", query, uuid=uuid)

    async def team_members(self, uuid: str) -> AsyncIterator[TeamMember]:
        """All of them, each once."""
        async for found in numbered(lambda page: self.list_team_members(uuid, page=page)):
            for member in found:
                yield member

    async def list_funnels(self) -> Sequence[Funnel]:
        return (await self._list(Funnel, "funnels", "list_funnels")).items

    async def get_plan(self) -> Plan:
        """The answer has no envelope: `plan` in it is the plan's name."""
        data = await self.rest.ask("get_plan")
        return self._understood(Plan, "", "get_plan", data)

    async def list_templates(self, *, page: int = 1) -> Listed[Template]:
        """One page of the WhatsApp templates."""
        return await self._list(Template, "templates", "list_templates", {"page": str(page)})

    async def templates(self) -> AsyncIterator[Template]:
        """All of them, each once."""
        async for found in numbered(lambda page: self.list_templates(page=page)):
            for template in found:
                yield template

    async def get_template(self, uuid: str) -> Template:
        return await self._one(Template, "template", "get_template", uuid=uuid)

    async def update_template(self, uuid: str, **changes: str) -> Template:
        """PATCH; which members may be changed is not documented, `title` surely."""
        return await self._one(Template, "template", "update_template", changes, uuid=uuid)

    async def list_custom_statuses(self) -> Sequence[CustomStatus]:
        """The envelope's name is ASSUMED."""
        return (await self._list(CustomStatus, "customStatuses", "list_custom_statuses")).items

    async def get_custom_status(self, id: str) -> CustomStatus:  # noqa: A002 - Callbell's word
        return await self._one(CustomStatus, "customStatus", "get_custom_status", id=id)

    async def create_custom_status(self, name: str, emoji: str) -> CustomStatus:
        body = {"name": name, "emoji": emoji}
        return await self._one(CustomStatus, "customStatus", "create_custom_status", body)

    async def replace_custom_status(self, id: str, *, name: str, emoji: str) -> CustomStatus:  # noqa: A002
        """PUT replaces the whole status: give both, or the other may be lost."""
        body = {"name": name, "emoji": emoji}
        return await self._one(CustomStatus, "customStatus", "replace_custom_status", body, id=id)

    async def delete_custom_status(self, id: str) -> None:  # noqa: A002
        await self.rest.ask("delete_custom_status", ids={"id": id})

    async def set_user_status(self, uuid: str, **presence: Unpack[Presence]) -> TeamMember:
        """PUT, answered in snake_case; what is left out may be cleared."""
        return await self._one(TeamMember, "user", "set_user_status", dict(presence), uuid=uuid)

    async def clear_user_status(self, uuid: str) -> None:
        await self.rest.ask("clear_user_status", ids={"uuid": uuid})
