from __future__ import annotations

import sys
from pathlib import Path

# the hand-made models are shared with the tests of render
sys.path.insert(0, str(Path(__file__).parents[1] / "render"))
