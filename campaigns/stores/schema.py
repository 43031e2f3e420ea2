"""The numbered steps of the schema, one file each; how they are taken is each database's own."""

from importlib.resources import files


def migration_steps(dialect: str = "") -> list[tuple[int, str]]:
    """Number and SQL of each step, in order; of SQLite, or of the dialect named."""
    folder = (files("campaigns.stores") / "migrations").joinpath(*filter(None, [dialect]))
    steps = [(int(file.name[:4]), file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".sql")]
    return sorted(steps)
