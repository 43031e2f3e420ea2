"""The key of all hashes: from the settings, else made once beside the database; and that it stays the same."""

import hashlib
import hmac
import os
import secrets

from campaigns.domain.errors import InputError, Problem
from campaigns.settings import Settings
from campaigns.stores.location import Location
from campaigns.stores.sql import SqlStore

_NEEDED = "Many machines may use {}, and all of them need the same key."
_MAKE = "Make one with `python -c 'import secrets; print(secrets.token_hex(32))'`, keep it safe, and never change it."


def check_key(settings: Settings, database: Location) -> None:
    """Whether there can be a key. Raises InputError that says how to make one."""
    if settings.hash_key is None and database.key_file is None:
        raise InputError([Problem("settings: hash_key", _NEEDED.format(database), _MAKE)])


def read_key(settings: Settings, database: Location) -> bytes:
    """The key. Raises InputError."""
    if settings.hash_key is not None:
        return settings.hash_key.get_secret_value().encode()
    file = database.key_file
    if file is None:
        raise InputError([Problem("settings: hash_key", _NEEDED.format(database), _MAKE)])
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_hex(32))
            new.flush()
            os.fsync(new.fileno())
    except FileExistsError:
        pass
    key = file.read_text().strip()
    if len(key) < 32:
        raise InputError(f"{file}: is not a hash key. Restore it from a backup, or set `hash_key` in the settings.")
    return key.encode()


async def prove_key(store: SqlStore, key: bytes, database: Location) -> None:
    """Whether it is the key that the database began with: by another one nobody would be known again, neither who is on
    the do-not-call list nor who is being called. Raises InputError."""
    mark = hmac.new(key, b"whose hashes these are", hashlib.sha256).hexdigest()[:32]
    if not await store.keyed_by(mark):
        what = f"{database} was begun with another key, and would not know anybody again by this one."
        raise InputError([Problem("settings: hash_key", what, "Take the key that the other machines have.")])
