"""Verbs about consents: what lists say that people agreed to, and what they have taken back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from campaigns.domain.contact import Basis, Consent
from campaigns.domain.erasing import WHY
from campaigns.ports.consents import ConsentRecord, OnRecord, Withdrawal

from .database import Connection, Database, Params
from .journal import JOURNAL, line
from .people_verbs import ERASED, raise_versions
from .rows import at, maybe_at, us


class ConsentVerbs:
    """See `ports.consents.ConsentStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_consents(
        self, source: str, purpose: str, said: Mapping[str, Sequence[ConsentRecord]], *, now: datetime
    ) -> dict[str, OnRecord]:
        async def verb(db: Connection) -> dict[str, OnRecord]:
            params = {"source": source, "keys": list(said)}
            known = {_name(row): row for row in await db.rows(_SAID_BEFORE, params)}
            # Of whoever is erased a list that still names them brings nothing back.
            erased = {row["phone_key"] for row in await db.rows(ERASED, {**params, "erased": WHY})}
            kept = [records for key, records in said.items() if key not in erased]
            wanted = {_name(row): row for records in kept for row in map(_row, records)}
            gone = [known[name] for name in known.keys() - wanted.keys()]
            news = [row for name, row in wanted.items() if name not in known or _differs(row, known[name])]
            await db.run_many(_FORGET, [{key: row[key] for key in _KEYS} for row in gone])
            await db.run_many(_PUT, news)
            # Who was permitted by what is not said any more must be judged anew; a new word permits nothing by itself.
            await raise_versions(db, sorted({row["phone_key"] for row in gone}))
            await db.run_many(JOURNAL, [*_lines("consented", news, now, source), *_lines("unsaid", gone, now, source)])
            return await _on_record(db, source, purpose, list(said))

        return await self._database.write(verb)

    async def consents(self, phone_key: str) -> list[ConsentRecord]:
        async def verb(db: Connection) -> list[ConsentRecord]:
            return [_to_consent(row) for row in await db.rows(_OF_NUMBER, {"key": phone_key})]

        return await self._database.read(verb)

    async def withdraw(self, word: Withdrawal, *, by: str = "") -> int:
        async def verb(db: Connection) -> int:
            stood = [_to_consent(row) for row in await db.rows(_OF_NUMBER, {"key": word.phone_key})]
            await db.run(
                "INSERT INTO withdrawal (phone_key, withdrawn_at, who, why) VALUES (:key, :at, :who, :why)"
                " ON CONFLICT (phone_key) DO UPDATE SET who = excluded.who, why = excluded.why, withdrawn_at = CASE"
                " WHEN withdrawal.withdrawn_at > excluded.withdrawn_at THEN withdrawal.withdrawn_at"
                " ELSE excluded.withdrawn_at END",
                {"key": word.phone_key, "at": us(word.at), "who": word.who, "why": word.why},
            )
            await raise_versions(db, [word.phone_key])
            await db.run(JOURNAL, line(f"person:{word.phone_key}", "withdrawn", word.at, who=by))
            return sum(one.withdrawn_at is None and not one.consent.stands(word.at) for one in stood)

        return await self._database.write(verb)


OF_OTHERS = "substr(consent.source, 1, length({campaign}) + 1) <> {campaign} || '/'"
"""Records of other campaigns' lists: in its own campaign a person's row says all there is to say of them."""
_KEYS = ("phone_key", "purpose", "basis", "source")
_SAID_BEFORE = "SELECT * FROM consent WHERE source = :source AND phone_key = ANY(:keys)"
_FORGET = (
    "DELETE FROM consent WHERE phone_key = :phone_key AND purpose = :purpose AND basis = :basis AND source = :source"
)
_PUT = """
INSERT INTO consent (phone_key, purpose, basis, given_at, proof, who, source, recorded_at)
VALUES (:phone_key, :purpose, :basis, :given_at, :proof, :who, :source, :recorded_at)
ON CONFLICT (phone_key, purpose, basis, source) DO UPDATE SET given_at = excluded.given_at, proof = excluded.proof,
    who = excluded.who, recorded_at = excluded.recorded_at
"""
_OF_NUMBER = """
SELECT consent.*, withdrawal.withdrawn_at FROM consent LEFT JOIN withdrawal USING (phone_key)
WHERE phone_key = :key ORDER BY purpose, basis, source
"""


async def _on_record(db: Connection, source: str, purpose: str, keys: Sequence[str]) -> dict[str, OnRecord]:
    consents, withdrawn = defaultdict[str, list[Consent]](list), dict[str, Any]()
    among = "phone_key = ANY(:keys)"
    others = f"purpose = :purpose AND {among} AND {OF_OTHERS.format(campaign=':campaign')}"
    params = {"purpose": purpose, "keys": keys, "campaign": source.partition("/")[0]}
    for row in await db.rows(f"SELECT * FROM consent WHERE {others} ORDER BY basis, source", params):
        consents[row["phone_key"]].append(to_consent(row))
    for row in await db.rows(f"SELECT * FROM withdrawal WHERE {among}", {"keys": keys}):
        withdrawn[row["phone_key"]] = at(row["withdrawn_at"])
    return {key: OnRecord(tuple(consents[key]), withdrawn.get(key)) for key in {*consents, *withdrawn}}


def to_consent(row: Any) -> Consent:
    return Consent(Basis(row["basis"]), row["proof"], maybe_at(row["given_at"]))


def _lines(word: str, rows: Sequence[Any], now: datetime, source: str) -> list[Params]:
    """By which campaign's list, and on what ground; never in whose words."""
    why = "by the list of " + source.partition("/")[0]
    return [line(f"person:{row['phone_key']}", word, now, why=f"{row['basis']} {why}") for row in rows]


def _name(row: Any) -> tuple[str, ...]:
    return tuple(row[key] for key in _KEYS)


def _differs(row: dict[str, Any], known: Any) -> bool:
    return any(row[key] != known[key] for key in ("given_at", "proof", "who"))


def _row(record: ConsentRecord) -> dict[str, Any]:
    return {
        "phone_key": record.phone_key, "purpose": record.purpose, "basis": str(record.consent.basis),
        "given_at": us(record.consent.given_at), "proof": record.consent.proof, "who": record.who,
        "source": record.source, "recorded_at": us(record.recorded_at),
    }  # fmt: skip


def _to_consent(row: Any) -> ConsentRecord:
    consent, withdrawn_at = to_consent(row), maybe_at(row["withdrawn_at"])
    names = ("phone_key", "purpose", "who", "source")
    return ConsentRecord(
        **{name: row[name] for name in names}, consent=consent, recorded_at=at(row["recorded_at"]),
        withdrawn_at=None if consent.stands(withdrawn_at) else withdrawn_at,
    )  # fmt: skip
