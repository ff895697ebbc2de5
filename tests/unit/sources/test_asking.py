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
    monitor = tmp_path / "monitor"
    monitor.write_text(f"#!/bin/sh\nwhile [ -e '{lock}' ]; do sleep 0.01; done\n")
    monitor.chmod(0o755)
    # locks the index, as `diff` does where it has looked at files again, and waits for what never ends
    process = asking.Process(str(tmp_path), ("-c", f"core.fsmonitor={monitor}", "update-index", "--refresh"))
    until = time.monotonic() + 30
    while not lock.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert lock.exists()
    process.end()
    assert not lock.exists()
