"""Where a SQLite file may lie: its locks do not hold on network file systems."""

from pathlib import Path

from campaigns.domain.errors import StoreError

_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb3", "smbfs", "9p", "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.glusterfs",
     "glusterfs", "ceph", "lustre", "afs", "ncpfs"}
)  # fmt: skip


def check_file_system(path: Path) -> None:
    """Raises StoreError where a database at `path` would not be safe."""
    mounts = Path("/proc/mounts")
    kind = file_system_of(path.resolve(), mounts.read_text()) if mounts.exists() else ""
    if kind in _NETWORK:
        raise StoreError(f"{path}: lies on a network file system ({kind}), where SQLite is not safe. Use a local disk.")


def file_system_of(path: Path, mounts: str) -> str:
    """The type of file system that holds an absolute path, by a text like `/proc/mounts`; of two mounts, the later."""
    found, longest = "", -1
    for line in mounts.splitlines():
        _, where, kind, *_ = (part.replace("\\040", " ") for part in line.split(" "))
        if path.is_relative_to(where) and len(where) >= longest:
            found, longest = kind, len(where)
    return found
