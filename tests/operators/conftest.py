"""Rows are always chosen in this process, and weights are packed at first sight."""

import os
import sys

import pytest

assert "torch" not in sys.modules, "run tests/operators in a pytest process of its own"
os.environ["STOKER_SELECT"] = "always"


@pytest.fixture(params=["row", "stock"])
def row(request):
    """Taken by a row, or declined: both mean the same."""
    import stoker

    (stoker.enable if request.param == "row" else stoker.disable)()
    yield request.param == "row"
    stoker.enable()
