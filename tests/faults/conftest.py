"""Lets the tests of this folder import its rig and its oracles, and the vendors' stand-ins (`foreign.callab`)."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "vendors")]
