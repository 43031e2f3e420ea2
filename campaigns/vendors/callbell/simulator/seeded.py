"""A believable account: a few dozen people, two teams, four channels, and the disorder of a year's use. All numbers are
fiction."""

from datetime import datetime, timedelta

from campaigns.domain.lead import spread

from .account import Account, FieldKind, SimContact, SimMessage, hex_id

_FIRST = ("Ada", "Bram", "Chiara", "Deniz", "Emeka", "Femke", "Gita", "Hugo", "Ines", "Jarek", "Kaya", "Luca")
_LAST = ("Example", "Specimen", "Sample", "Muster", "Prueba", "Voorbeeld", "Esempio")
_TAGS = ("to-call", "to-call-later", "called", "reached", "do-not-call", "vip", "newsletter")
_TIMES = ("morning", "afternoon", "after 17:00", "")
OUTCOMES = (
    "reached", "refused", "exhausted", "do_not_call", "bad_number", "wrong_person", "blocked", "expired", "stopped",
)  # fmt: skip
FIELDS = {
    "Best time": FieldKind(),
    "Email": FieldKind("email"),
    "Seats": FieldKind("number"),
    "Customer since": FieldKind("date"),
    "Plan": FieldKind("dropdown", ("Gold", "Silver")),
    "Consent": FieldKind("checkbox", ("voice", "sms", "email")),
    "Last call outcome": FieldKind("dropdown", OUTCOMES),
    "Last call at": FieldKind("date"),
    "Attempts": FieldKind("number"),
    "Remark": FieldKind(),
}
"""What the dashboard has; outcomes may be written to the last four."""


def seeded(now: datetime, seed: int) -> Account:
    """The account as a new simulator has it; the same for the same seed and time."""
    account = bare(now, seed)
    for n in range(45):
        account.add(_person(account, n, now))
    account.stir(45)
    return account


def bare(now: datetime, seed: int) -> Account:
    """The account without contacts."""
    account = Account(seed, set(_TAGS), dict(FIELDS))
    made = (now - timedelta(days=400)).replace(microsecond=0)
    for name in ("Sales", "Support"):
        uuid = hex_id(f"team:{name}")
        account.teams[uuid] = {"uuid": uuid, "name": name, "created": made, "default": name == "Support"}
    for name, team in (("Mia", "Sales"), ("Noor", "Sales"), ("Olu", "Support")):
        uuid = hex_id(f"user:{name}")
        account.users[uuid] = {
            "uuid": uuid, "email": f"{name.lower()}@company.example", "name": f"{name} Muster",
            "team": hex_id(f"team:{team}"), "available": name != "Olu", "updated": made, "status": None,
        }  # fmt: skip
    for kind in ("whatsapp", "facebook", "instagram", "telegram"):
        uuid = hex_id(f"channel:{kind}")
        account.channels[uuid] = {
            "uuid": uuid, "title": f"Our {kind}", "type": kind, "main": kind == "whatsapp",
            "discarded": kind == "telegram",
        }  # fmt: skip
    for position, name in enumerate(("Open", "Won"), 1):
        uuid = hex_id(f"funnel:{name}")
        account.funnels[uuid] = {"uuid": uuid, "name": name, "emoji": "🗂", "position": position, "created": made}
    uuid = hex_id("template:reminder")
    account.templates[uuid] = {
        "uuid": uuid, "title": "reminder", "templateType": "text", "text": "See you at {{1}}.", "status": "approved",
        "category": "UTILITY", "created": made,
    }  # fmt: skip
    status = hex_id("status:lunch")
    account.statuses[status] = {"id": status, "name": "Lunch", "emoji": "🍙", "created": made, "updated": made}
    return account


def _person(account: Account, n: int, now: datetime) -> SimContact:
    def dice(what: str) -> float:
        return spread(f"{account.seed}|callbell|{n}|{what}")

    source = "whatsapp" if n % 9 else ("instagram", "facebook", "telegram")[n // 9 % 3]
    created = (now - timedelta(days=30 + 300 * dice("age"))).replace(microsecond=0)
    team = list(account.teams)[n % 2]
    contact = SimContact(
        uuid=hex_id(f"contact:{account.seed}:{n}"),
        name=f"{_FIRST[n % len(_FIRST)]} {_LAST[n % len(_LAST)]}",
        phone=_phone(n) if source == "whatsapp" or n % 2 else None,
        source=source,
        tags=[tag for tag in _TAGS if dice(tag) < (0.5 if tag == "to-call" else 0.15)],
        fields=_fields(n, dice("seats")),
        assigned_user=next((u["email"] for u in account.users.values() if u["team"] == team), None) if n % 3 else None,
        team=team,
        channel=hex_id(f"channel:{source}"),
        note="Prefers short calls" if n % 7 == 0 else None,
        created_at=created,
        blocked_at=created + timedelta(days=10) if n % 14 == 3 else None,
        funnel=next(iter(account.funnels)),
        bsuid=f"GB.{1000 + n}" if n % 11 == 0 else None,
    )
    contact.messages.append(SimMessage("Hello?", created, "received", hex_id(f"first:{account.seed}:{n}")))
    return contact


def _phone(n: int) -> str | None:
    """Two dozen people with one number each, then some of them again on another channel; no two formats alike."""
    if n % 13 == 6:
        return None
    person = n % 24
    if person % 3 == 2:
        return (f"1212555{100 + person:04}", f"+1 (212) 555-{100 + person:04}", f"+1-212-555-{100 + person:04}")[n % 3]
    line = f"{100 + person:04}"
    return (f"+44 20 7946 {line}", f"442079460{line[1:]}", f"+44207946{line}")[n % 3]


def _fields(n: int, dice: float) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    if best := _TIMES[n % 4]:
        found["Best time"] = best
    if n % 2:
        found["Seats"] = str(1 + int(dice * 50))
    if n % 3 == 0:
        found["Plan"] = ("Gold", "Silver")[n % 2]
    if n % 4:
        found["Consent"] = ["voice", "sms"][: 1 + n % 2]
    if n % 5 == 0:
        found["Customer since"] = f"2025-{1 + n % 12:02}-{1 + n % 28:02}"
    return found
