"""Everything that an operator does. Each act checks the role once, says who did it, and is the same from every face."""

from campaigns.ports.reopening import Which
from campaigns.resolving import Word

from .barring import Bar, Barring
from .deciding import Deciding, Promise
from .effects import Verb
from .erasing import Erasing, Erasure
from .starting import Loading, Starting, Upload
from .steering import Steering
from .tokens import Tokens, TokenView

__all__ = ["Acts", "Bar", "Erasure", "Loading", "Promise", "TokenView", "Upload", "Verb", "Which", "Word"]


class Acts(Starting, Steering, Deciding, Barring, Erasing, Tokens):
    """What an operator does. All raise Forbidden, and InputError in plain words for what cannot be done."""
