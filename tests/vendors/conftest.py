"""Lets the tests of all vendors import the contracts (`openapi.contract`) and the stand-ins (`foreign.callbell`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
