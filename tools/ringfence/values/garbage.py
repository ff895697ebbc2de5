"""Python's search for garbage, kept away from work that leaves none: it would look at a million objects in use."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def ignored() -> Iterator[None]:
    """Search for none meanwhile. What nobody refers to any more is let go at once all the same; cycles are not."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()
