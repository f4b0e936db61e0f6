"""tests/perf: the tests of tools/perf itself."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "interop")]


@pytest.fixture
def build():
    """The build that is tested."""
    return Path(os.environ.get("BASCULE_BUILD", HERE.parents[1] / "build")).resolve()
