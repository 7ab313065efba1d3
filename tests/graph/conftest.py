"""What the tests of graphs begin and end with."""

from __future__ import annotations

import pytest
import torch
from stoker.graph import roots


@pytest.fixture(autouse=True)
def _seeded(request):
    print(f"seed {request.module.SEED}")
    torch.manual_seed(request.module.SEED)
    yield
    torch._dynamo.reset()


@pytest.fixture(autouse=True)
def _untried(request, monkeypatch):
    """Graphs serve every call that they fit: tiny ones would be given up on some machines."""
    if request.module.__name__ != "tests.graph.test_trial":
        monkeypatch.setattr(roots, "Trial", lambda: None)


@pytest.fixture
def without_grad():
    with torch.no_grad():
        yield


@pytest.fixture
def eager_to_capture(monkeypatch):
    """Every call that no graph fits is captured, up to the bound: small models would not be, for
    their calls take less time than a capture."""
    monkeypatch.setattr(roots.Root, "_due", lambda self: self.captures and self.refused is None)
