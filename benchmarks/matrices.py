"""One run: every connection of every cluster, in a revision and in the working tree, and how many differ.

    python benchmarks/matrices.py REV     in a repository of declarations

Prints JSON: the clusters, the connections of each side (pairs of positions, addresses cut where policies cut them), and
the pairs that differ. What both sides hold is read once; each has its whole matrix.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any


def main(revision: str) -> None:
    """Read both sides, evaluate them, and compare."""
    from ringfence import cache, model, sources, verify
    from ringfence.connectivity import diff
    from ringfence.model.remembered import Remembered
    from ringfence.values import workers

    gc.set_threshold(100_000)  # as the command line does
    root = sources.find_root(Path())
    sides: list[verify.States] = []
    documents, loaded = Remembered(cache.store()), None
    for tree in (sources.revision(root, revision), sources.working_tree(root)):
        loaded, findings = model.load(tree, shared=documents, like=loaded)
        if loaded is None or findings:
            raise SystemExit(f"{tree.label} is in error")
        sides.append(verify.States(loaded, tree, like=sides[0] if sides else None))

    documents.let_go()
    for side in sides:
        side.read(side.names)

    def compared(name: str) -> list[Any]:
        before = sides[0].of(name)
        after = sides[1].of(name, before)
        rows = diff(before.connectivity, after.connectivity)
        counts = [state.connectivity.count() for state in (before, after)]
        return [[item.name for item in after.clusters], counts, sum(1 for row in rows if row.before != row.after)]

    # as `impact` does it: with a copy of this process for each processor
    found = workers.spread(compared, sides[0].names, lambda result: json.dumps(result).encode(), json.loads)
    clusters = [name for names, _, _ in found for name in names]
    counts = [sum(both[number] for _, both, _ in found) for number in (0, 1)]
    print(json.dumps({"clusters": clusters, "connections": counts, "differ": sum(item[2] for item in found)}))


if __name__ == "__main__":
    main(sys.argv[1])
