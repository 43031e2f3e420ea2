"""The buttons that steer a campaign; each asks first, with what will happen."""

from campaigns.dashboard.elements import box, button, put, say
from campaigns.dashboard.view import View
from campaigns.desk.access import Role
from campaigns.desk.effects import FROM, Verb
from campaigns.desk.views import CampaignView
from campaigns.domain.lead import CampaignState

_GOES_ON = {
    CampaignState.ACTIVE: Verb.PAUSE,
    CampaignState.PAUSED: Verb.RESUME,
    CampaignState.REFUSED: Verb.RESUME,
    CampaignState.FINISHED: Verb.START,
    CampaignState.STOPPED: Verb.START,
}
"""What the first button does: it stays where it is and changes its word, so that nobody's focus is lost."""


class Steering:
    """Pause, resume or start; and stop."""

    def __init__(self, view: View, campaign: CampaignView) -> None:
        self._view, self._campaign = view, campaign
        if not view.may(Role.OPERATE):
            return
        with box("div", "actions", role="group", aria_label=view.t("steer.group", name=campaign.name)):
            self._first = button("", lambda: self._steer(_GOES_ON[self._campaign.state]), "first")
            self._stop = button(view.t("steer.stop"), lambda: self._steer(Verb.STOP))
        put(self._stop, "aria-label", f"{view.t('steer.stop')} {campaign.name}")
        self.show(campaign)

    def show(self, campaign: CampaignView) -> None:
        """Which words the buttons have now."""
        self._campaign = campaign
        if not self._view.may(Role.OPERATE):
            return
        word = self._view.t(f"steer.{_GOES_ON[campaign.state]}")
        say(self._first, word)
        put(self._first, "aria-label", f"{word} {campaign.name}")
        put(self._stop, "aria-disabled", None if campaign.state in FROM[Verb.STOP] else "true")

    async def _steer(self, verb: Verb) -> None:
        acts, name = self._view.desk.acts, self._campaign.name
        if self._campaign.state not in FROM[verb]:
            return
        effect = await self._view.told(acts.effect(verb, name))
        if effect is None or not await self._view.confirm(
            effect, yes=self._view.t(f"steer.{verb}"), danger=verb is Verb.STOP
        ):
            return
        done = self._view.t(f"steer.done_{verb}", name=name)
        await self._view.act(acts.steer(verb, name, by=self._view.operator), done)
