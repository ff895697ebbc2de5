"""What was begun and nobody asked for ends, and leaves nothing behind in the repository."""

from __future__ import annotations

import time
from pathlib import Path

from git_repository import GitRepository
from ringfence import asking


def test_git_takes_its_lock_away_when_nobody_wants_to_hear_it(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    repository.git("init", "--quiet")
    lock = tmp_path / ".git" / "index.lock"
    # locks the index, as `diff` does where it has looked at files again, and waits for names that never come
    process = asking.Process(str(tmp_path), ("update-index", "--stdin"), feed=b"")
    until = time.monotonic() + 30
    while not lock.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert lock.exists()
    process.end()
    assert not lock.exists()
