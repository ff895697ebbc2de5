"""Which part of a repository a change can matter to, so that the cost of judging it depends on the change.

A change of flows or of a namespace's workloads can open or close connections of the namespaces at both ends and of no
others. `scope` names those namespaces and the files that say everything of them; the ordinary stages then run on that
part. What is wrong with an edit of flows follows from less (`inside`). Whatever else differs (a cluster, a peer, a
guardrail, a template) concerns everything, and there is no scope.
"""

from ringfence.affected.inside import inside
from ringfence.affected.part import Part
from ringfence.affected.scope import Scope, base, scope
from ringfence.affected.touching import asks_the_same, touching

__all__ = ["Part", "Scope", "asks_the_same", "base", "inside", "scope", "touching"]
