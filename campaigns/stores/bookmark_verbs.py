"""Verbs about readings that break off."""

from campaigns.ports.bookmarks import Bookmark

from .database import Connection, Database
from .rows import at, us


class BookmarkVerbs:
    """See `ports.bookmarks.BookmarkStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bookmark(self, name: str, source: int) -> Bookmark | None:
        async def verb(db: Connection) -> Bookmark | None:
            rows = await db.rows(
                "SELECT wanted, after, at FROM bookmark WHERE campaign = :name AND source = :source",
                {"name": name, "source": source},
            )
            return Bookmark(rows[0]["wanted"], rows[0]["after"], at(rows[0]["at"])) if rows else None

        return await self._database.read(verb)

    async def put_bookmark(self, name: str, source: int, bookmark: Bookmark | None) -> None:
        async def verb(db: Connection) -> None:
            place = {"name": name, "source": source}
            await db.run("DELETE FROM bookmark WHERE campaign = :name AND source = :source", place)
            if bookmark is not None:
                await db.run(
                    "INSERT INTO bookmark (campaign, source, wanted, after, at)"
                    " VALUES (:name, :source, :wanted, :after, :at)",
                    {**place, "wanted": bookmark.wanted, "after": bookmark.after, "at": us(bookmark.at)},
                )

        await self._database.write(verb)
