"""Where the cache lies, and whether that place can be trusted. Imports next to nothing: a hook starts with it."""

from __future__ import annotations

import os
import stat
import sys

VARIABLE = "RINGFENCE_CACHE"
"""`off`, or the absolute path of the folder to use."""

OFF = "off"


class Place:
    """A folder for the cache, or the reason why there is none: either `folder` or `why` is empty."""

    def __init__(self, folder: str = "", why: str = "") -> None:
        self.folder = folder
        self.why = why


def find(*, make: bool = True) -> Place:
    """The cache folder of this user, made where it is missing; a place with the reason where none can be used."""
    chosen = _chosen()
    if chosen.why:
        return chosen
    if make and not os.path.lexists(chosen.folder):
        try:
            os.makedirs(os.path.dirname(chosen.folder), mode=0o700, exist_ok=True)
            os.mkdir(chosen.folder, mode=0o700)
        except FileExistsError:
            pass  # another run was faster
        except OSError as error:
            return Place(why=f"{chosen.folder} cannot be made: {error.strerror}")
    return Place(why=why) if (why := distrusted(chosen.folder, folder=True)) else chosen


def distrusted(path: str, *, folder: bool = False) -> str:
    """Why a folder or file must not be used, or "": others could have written it, or it is not what it should be.

    A file that does not exist is fine: whoever makes it owns it.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return f"{path} does not exist" if folder else ""
    except OSError as error:
        return f"{path} cannot be looked at: {error.strerror}"
    if stat.S_ISLNK(found.st_mode):
        return f"{path} is a symbolic link"
    if not (stat.S_ISDIR if folder else stat.S_ISREG)(found.st_mode):
        return f"{path} is not a {'folder' if folder else 'regular file'}"
    if found.st_uid != os.geteuid():
        return f"{path} belongs to another user"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"others may write {path}"
    return ""


def _chosen() -> Place:
    asked = os.environ.get(VARIABLE, "")
    if asked == OFF:
        return Place(why=f"{VARIABLE} is off")
    if asked:
        if os.path.isabs(asked):
            return Place(os.path.normpath(asked))
        return Place(why=f"{VARIABLE} is {asked!r}, which is neither `off` nor an absolute path")
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # the specification: a relative path is as good as none
        home = os.environ.get("HOME", "")
        if not os.path.isabs(home):
            return Place(why="neither XDG_CACHE_HOME nor HOME is set")
        base = os.path.join(home, *(("Library", "Caches") if sys.platform == "darwin" else (".cache",)))
    return Place(os.path.join(base, "ringfence"))
