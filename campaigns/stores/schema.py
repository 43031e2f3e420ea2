"""The numbered steps of the schema, one file each; how they are taken is each database's own.

Old and new programs run side by side on one database while it is upgraded. A program older than the schema works with
it as long as its own newest step is not below `runs_from` in `meta`; one that runs already is not even asked. So a step

- adds: tables, indexes, and columns that may be NULL or have a default, because older programs insert without them;
- gives columns no new meaning and takes none away; what nobody reads any more goes in a step that raises `runs_from`, a
  release after the last program that read it;
- makes again, in itself, any unique index that it drops: that nobody is called twice is promised by two of them;
- holds no long lock on PostgreSQL: it is one transaction, so an index of a large table is made before it, by CREATE
  INDEX CONCURRENTLY outside it, and the step only says IF NOT EXISTS; values of old rows are filled in by batches.
"""

from importlib.resources import files

KNOWS_ITS_PLACE = 6
"""The step with which a database learns where it lives: once, so that a copy never believes to be at home."""


def migration_steps(dialect: str = "") -> list[tuple[int, str]]:
    """Number and SQL of each step, in order; of SQLite, or of the dialect named."""
    folder = (files("campaigns.stores") / "migrations").joinpath(*filter(None, [dialect]))
    steps = [(int(file.name[:4]), file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".sql")]
    return sorted(steps)
