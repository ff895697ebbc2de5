"""Import: policies and workloads of a cluster that runs become declarations, with a proof that nothing changes.

`source.read` reads manifests; `units` finds the workloads in them; `rules` says which rules are flows; `keeping` what
stays as an adopted policy; `repository.result` puts
a repository together, and `proof` holds it against the original.
"""

from ringfence.adopt.existing.plan import Options, Plan
from ringfence.adopt.existing.proof import Proof
from ringfence.adopt.existing.repository import Result, result
from ringfence.adopt.existing.source import Source, read

__all__ = ["Options", "Plan", "Proof", "Result", "Source", "read", "result"]
