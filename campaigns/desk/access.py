"""Who may do what: three roles, each with all that the one before it has."""

from dataclasses import dataclass
from enum import StrEnum

from campaigns.domain.errors import Forbidden


class Role(StrEnum):
    """What a token allows."""

    READ = "read"
    """Look at everything; numbers are masked."""
    OPERATE = "operate"
    """Steer campaigns and decide about people; numbers are shown."""
    ADMIN = "admin"
    """Erase people, close jurisdictions, hand out tokens."""

    def allows(self, needed: "Role") -> bool:
        """Whether this role is enough for what needs `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever asks: the name stands in every record of what was done."""

    name: str
    role: Role


def demand(by: Operator, needed: Role, act: str) -> None:
    """Raises Forbidden where the operator's role is not enough for `act`, such as `stop a campaign`."""
    if not by.role.allows(needed):
        raise Forbidden(
            f"Your token may {by.role}; to {act} needs one that may {needed}. Ask whoever hands out tokens."
        )
