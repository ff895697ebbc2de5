"""Flow logs of a cluster that does what it declares, with the noise of a real one, to try things out and for tests.

Seeded: the same repository and the same seed give the same bytes. Knows nothing of how logs are read.
"""

from __future__ import annotations

from ringfence.observe.simulate.forms import FORMS, lines
from ringfence.observe.simulate.graph import Actor, Edge, Graph, of
from ringfence.observe.simulate.traffic import QUIET, USUAL, Noise, Record, records

__all__ = ["FORMS", "QUIET", "USUAL", "Actor", "Edge", "Graph", "Noise", "Record", "lines", "of", "records"]
