"""Compiled code on disk.

An entry is named by a hash of everything its code depends on, is written to a temporary
file and renamed into place, and starts with a checksum: processes may share the folder,
and an entry that was damaged counts as missing. Only a folder that nobody else can write
to is used, because its contents are run.

EQC_CACHE_DIR names the folder (default: $XDG_CACHE_HOME/eqc or ~/.cache/eqc); EQC_CACHE=0
turns the cache off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path

__all__ = ["directory", "key_of", "read", "write", "clear"]

_MAGIC = b"eqccode1"
_DIGEST = 32
#: Bytes beyond which the entries that were used least recently are removed.
_LIMIT = 1 << 30


def directory() -> Path | None:
    """The folder of the cache; None when it is turned off."""
    if os.environ.get("EQC_CACHE") == "0":
        return None
    if asked := os.environ.get("EQC_CACHE_DIR"):
        return Path(asked)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "eqc"
    except RuntimeError:  # no home
        return None


def key_of(*parts: str) -> str:
    """The name of the entry for code that depends on these texts and on nothing else."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def _usable(folder: Path) -> bool:
    """Whether the folder exists and only we can write to it."""
    try:
        status = os.stat(folder)
    except OSError:
        return False
    return (stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
            and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def read(key: str) -> bytes | None:
    """The code, or None when there is none or it was damaged."""
    folder = directory()
    if folder is None or not _usable(folder):
        return None
    path = folder / key
    try:
        data = path.read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + _DIGEST
    if data[:len(_MAGIC)] != _MAGIC or len(data) <= head:
        return None
    code = data[head:]
    if hashlib.sha256(code).digest() != data[len(_MAGIC):head]:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # used now
    return code


def write(key: str, code: bytes) -> None:
    """Stores the code. What prevents it (no space, no permission) only costs the next
    compilation, and is not reported."""
    folder = directory()
    if folder is None:
        return
    temporary = None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _usable(folder):
            return
        descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_MAGIC + hashlib.sha256(code).digest() + code)
        os.replace(temporary, folder / key)
        temporary = None
        _prune(folder)
    except OSError:
        pass
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _entries(folder: Path) -> list[tuple[float, int, str]]:
    """Time of last use, size and path of every file."""
    found = []
    with os.scandir(folder) as files:
        for file in files:
            with contextlib.suppress(OSError):
                status = file.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    found.append((status.st_mtime, status.st_size, file.path))
    return found


def _prune(folder: Path) -> None:
    entries = _entries(folder)
    excess = sum(size for _, size, _ in entries) - _LIMIT
    for _, size, path in sorted(entries):
        if excess <= 0:
            break
        os.unlink(path)
        excess -= size


def clear() -> None:
    """Removes every entry. Programs that are loaded go on working."""
    folder = directory()
    if folder is None or not folder.is_dir():
        return
    for _, _, path in _entries(folder):
        with contextlib.suppress(OSError):
            os.unlink(path)
