"""What is said once of the whole database."""

from .database import Connection, Database

_MARK = "SELECT value FROM meta WHERE key = 'hash_key'"


class MetaVerbs:
    """Whose hashes are in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keyed_by(self, mark: str) -> bool:
        """Whether its hashes are made with the key of this mark; the first who asks settles it."""

        async def known(db: Connection) -> list[str]:
            return [row["value"] for row in await db.rows(_MARK)]

        async def settled(db: Connection) -> list[str]:
            await db.run(
                "INSERT INTO meta (key, value) VALUES ('hash_key', :mark) ON CONFLICT (key) DO NOTHING", {"mark": mark}
            )
            return await known(db)

        return mark in (await self._database.read(known) or await self._database.write(settled))
