"""Which colour says what; each stands in `look.css` for light and dark, and has a name, for it never stands alone."""

from campaigns.domain.call import Disposition
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome

STATES: dict[CampaignState, str] = {
    CampaignState.ACTIVE: "green",
    CampaignState.PAUSED: "orange",
    CampaignState.STOPPED: "grey",
    CampaignState.FINISHED: "blue",
    CampaignState.REFUSED: "red",
}
OUTCOMES: dict[Outcome, str] = {
    Outcome.REACHED: "green",
    Outcome.REFUSED: "red",
    Outcome.WRONG_PERSON: "orange",
    Outcome.DO_NOT_CALL: "purple",
    Outcome.EXHAUSTED: "grey",
    Outcome.BAD_NUMBER: "brown",
    Outcome.EXPIRED: "sky",
    Outcome.BLOCKED: "olive",
    Outcome.STOPPED: "pink",
}
"""In the order of every table and picture; the colours are those of the reports."""
DISPOSITIONS: dict[Disposition, str] = {
    Disposition.ANSWERED: "green",
    Disposition.VOICEMAIL: "sky",
    Disposition.NO_ANSWER: "grey",
    Disposition.BUSY: "orange",
    Disposition.DECLINED: "red",
    Disposition.BAD_NUMBER: "brown",
    Disposition.FAILED: "purple",
    Disposition.UNKNOWN: "olive",
}
LEADS: dict[LeadState, str] = {
    LeadState.WAITING: "pale",
    LeadState.READY: "sky",
    LeadState.CALLING: "green",
    LeadState.HELD: "blue",
    LeadState.CLOSED: "grey",
}
ATTEMPTS: dict[AttemptState, str] = {
    AttemptState.INTENT: "pale",
    AttemptState.SENDING: "pale",
    AttemptState.BOOKED: "sky",
    AttemptState.PLACED: "green",
    AttemptState.UNCLEAR: "orange",
    AttemptState.UNCERTAIN: "blue",
    AttemptState.REFUSED: "red",
    AttemptState.NOT_SENT: "grey",
    AttemptState.NOT_CREATED: "grey",
    AttemptState.ENDED: "grey",
}
LIGHT = {
    "green": "#1a8a63", "red": "#c8452f", "grey": "#8b93a1", "purple": "#8d4a9e", "brown": "#7a5636",
    "orange": "#dd8a00", "olive": "#97902a", "sky": "#4aa3d8", "blue": "#2c49a8", "pink": "#e27fa8", "pale": "#d3d8e0",
}  # fmt: skip
DARK = {
    "green": "#3fbf90", "red": "#ef7a63", "grey": "#7f8896", "purple": "#c589d6", "brown": "#b58e6a",
    "orange": "#f5ae3d", "olive": "#c2bb55", "sky": "#6fc0ef", "blue": "#5b7cf0", "pink": "#f2a3c2", "pale": "#454d5a",
}  # fmt: skip
"""For what is drawn on a canvas; `look.css` has the same, and a test compares them."""
