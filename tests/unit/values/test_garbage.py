"""Work that leaves no garbage."""

from __future__ import annotations

import contextlib
import gc

import pytest

from ringfence.values import garbage
from ringfence.values.workers import spread


def test_none_is_looked_for_meanwhile() -> None:
    assert gc.isenabled()
    with garbage.ignored():
        with contextlib.suppress(KeyError), garbage.ignored():
            raise KeyError
        assert not gc.isenabled()
    assert gc.isenabled()


@pytest.mark.parametrize("processes", [1, 2])
def test_no_process_looks_for_any_while_work_is_shared(processes: int) -> None:
    found = spread(
        lambda _: gc.isenabled(), range(3), lambda result: b"%d" % result, lambda raw: bool(int(raw)), processes
    )
    assert found == [False] * 3
    assert gc.isenabled()
