"""One folder a vendor, one line here; vendors never import each other."""

from collections.abc import Callable

from campaigns.ports import CallProvider

from .account import Surroundings, VendorAccount
from .flireo.provider import Flireo

PROVIDERS: dict[str, Callable[[VendorAccount, Surroundings], CallProvider]] = {
    "flireo": Flireo,
}
"""Kind, as the settings write it → call provider."""
