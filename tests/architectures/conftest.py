"""Rows are always chosen in this process: models are tiny, and their sizes would be stock's."""

import os
import sys

import pytest

assert "torch" not in sys.modules, "run tests/architectures in a pytest process of its own"
os.environ["STOKER_SELECT"] = "always"


@pytest.fixture(autouse=True)
def _as_before():
    import torch

    with torch.no_grad():
        yield
    torch._dynamo.reset()
