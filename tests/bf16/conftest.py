"""Rows are always chosen in this process: graphs then have bf16 regions on any CPU, computed by the
rows that widen where it has no instructions for bf16."""

import os
import sys

import pytest

assert "torch" not in sys.modules, "run tests/bf16 in a pytest process of its own"
os.environ["STOKER_SELECT"] = "always"


@pytest.fixture(autouse=True)
def _as_before(request):
    import stoker
    import torch

    print(f"seed {request.module.SEED}")
    torch.manual_seed(request.module.SEED)
    with torch.no_grad():
        yield
    stoker.enable()
    stoker.set_dtype(torch.float32)
    torch._dynamo.reset()
