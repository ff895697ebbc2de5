"""One process: every connection of every cluster, in a revision and in the working tree, and how many differ.

    python benchmarks/matrices.py REV     in a repository of declarations

Prints JSON: the clusters, the connections of each side (pairs of positions, addresses cut where policies cut them), and
the pairs that differ. What both sides hold is read once; each has its whole matrix.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path


def main(revision: str) -> None:
    """Read both sides, evaluate them, and compare."""
    from ringfence import model, sources, verify
    from ringfence.connectivity import diff

    gc.set_threshold(100_000)  # as the command line does
    root = sources.find_root(Path())
    sides: list[verify.States] = []
    for tree in (sources.revision(root, revision), sources.working_tree(root)):
        loaded, findings = model.load(tree)
        if loaded is None or findings:
            raise SystemExit(f"{tree.label} is in error")
        sides.append(verify.States(loaded, tree, like=sides[0] if sides else None))
    clusters, counts, differ = [], [0, 0], 0
    for name in sides[0].names:
        before = sides[0].of(name)
        after = sides[1].of(name, before)
        clusters += [cluster.name for cluster in after.clusters]
        for number, state in enumerate((before, after)):
            counts[number] += state.connectivity.count()
        rows = diff(before.connectivity, after.connectivity)
        differ += sum(1 for row in rows if row.before != row.after)
    print(json.dumps({"clusters": clusters, "connections": counts, "differ": differ}))


if __name__ == "__main__":
    main(sys.argv[1])
