"""A receiver of webhooks, for the tests of those who send them."""

from foreign.standin import Answer, Standin


class Mailbox(Standin):
    """Takes every message in, and answers with `statuses`, one each, the last for all later ones."""

    def __init__(self, *statuses: int) -> None:
        super().__init__()
        self.letters: list[tuple[dict[str, str], bytes]] = []
        """(headers with names in lower case, body)"""
        self._statuses = statuses or (200,)

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        self.letters.append((headers, body))
        return Answer({}, self._statuses[min(len(self.letters), len(self._statuses)) - 1])
