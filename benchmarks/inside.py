"""One process of the benchmark of the engine: reads a cluster, evaluates it, changes one policy, and says what it took.

Prints JSON: processor seconds of each step, the number of connections, and peak memory in MB. The answer after the
change is held against that of the whole cluster.
"""

from __future__ import annotations

import gc
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import clusters
from measure import UNITS_PER_MB

T = TypeVar("T")
AGAIN = 7
"""How often the change of one policy is measured; the median counts."""


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """The processor seconds of an action, and what it gives back."""
    start = time.process_time()
    found = action()
    return time.process_time() - start, found


def main(shape: str, deployments: int) -> None:
    """Measure one cluster."""
    from ringfence import manifests
    from ringfence.connectivity import diff, evaluate, from_directory

    gc.set_threshold(100_000)  # as the command line does
    texts = {name: text.encode() for name, text in clusters.files(shape, deployments)}
    taken: dict[str, float] = {}
    taken["read"], state = timed(lambda: from_directory(texts))
    taken["evaluate"], before = timed(lambda: evaluate(state))
    taken["rows"], connections = timed(lambda: sum(1 for _ in before.rows(replicas=False)))
    changed = clusters.policy(shape, deployments, 1, changed=True)
    policy = manifests.parse("changed.yaml", changed.encode()).policies
    taken["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNITS_PER_MB
    runs = [timed(lambda: diff(before, before.changed(policy))) for _ in range(AGAIN)]
    taken["change"] = statistics.median(seconds for seconds, _ in runs)
    after = before.changed(policy)
    taken["whole"], whole = timed(lambda: diff(before, evaluate(after.cluster)))
    if any(found != whole for _, found in runs) or not whole:
        raise SystemExit("the changed result is not that of the whole cluster")
    print(json.dumps({**taken, "connections": connections}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
