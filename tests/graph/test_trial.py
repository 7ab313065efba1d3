"""Graphs are kept where they prove faster than plain Python on the program's own calls."""

from __future__ import annotations

import pytest
import stoker
import torch
from stoker.graph.trial import MARGIN, MOST_CALLS, TURNS, WARM, Trial, key
from torch import nn

from tests.support.graphs import assert_alike, root, served, stock

SEED = 31
pytestmark = pytest.mark.usefixtures("without_grad")
CALLS = WARM + 2 * TURNS  # of a trial in which all are alike


def outcome(graph: float, plain: float, disturbed: float = 0.0) -> str | None:
    """Of a trial in which the first call of each kind takes longer."""
    trial, kinds = Trial(), []
    while not trial.over():
        kinds.append(trial.plain_next("sizes"))
        late = disturbed if kinds.count(kinds[-1]) <= WARM else 0.0
        trial.add("sizes", kinds[-1], (plain if kinds[-1] else graph) + late)
    assert len(kinds) == CALLS and kinds.count(True) == TURNS
    assert kinds[:WARM] == [False] * WARM and kinds[WARM:] == [False, True] * TURNS
    return trial.slower()


def test_the_fastest_calls_are_compared():
    assert outcome(1.0, 1.0) is None and outcome(1.0, 2.0) is None
    assert outcome(MARGIN * 0.999, 1.0) is None
    assert outcome(1.0, 1.0, disturbed=50.0) is None
    assert "slower than plain Python: 2e+03 ms, not 1e+03" in outcome(2.0, 1.0)
    assert outcome(2.0, 1.0, disturbed=50.0) is not None


def test_only_calls_with_inputs_of_the_same_sizes_are_compared():
    x, y = torch.ones(2, 3), torch.ones(4, 3)
    alike = (
        ((x, 1), {"mask": [y], "cache": Trial()}),
        ((y[:2], 1), {"mask": [-y], "cache": Trial()}),
    )
    assert key(alike[0]) == key(alike[1])
    for other in ((x, 2), (y, 1), ([x], 1), (x, "text"), (x, None), ({"x": x}, 1), (x,)):
        assert key(other) != key((x, 1)) and hash(key(other))
    trial = Trial()
    for call in range(MOST_CALLS):
        assert not trial.over()
        assert not trial.plain_next(call)
        trial.add(call, False, 1.0)
    assert trial.over() and trial.slower() is None


def run(model, calls: int) -> None:
    given = torch.randn(3, 8)
    for _ in range(calls):
        assert_alike(model(given), stock(model, given))


def model() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 4)).eval()


@pytest.mark.parametrize("slower", [True, False])
def test_slow_graphs_are_given_up(slower, monkeypatch):
    monkeypatch.setattr(Trial, "slower", lambda self: "too slow" if slower else None)
    ours = model()
    stoker.optimize(ours)
    run(ours, 1)  # captured
    assert len(root(ours).captures) == 1
    run(ours, CALLS)
    assert served(ours) == WARM + TURNS and root(ours).trial is None
    run(ours, 3)
    assert served(ours) == WARM + TURNS + (0 if slower else 3)
    assert root(ours).refused == ("too slow" if slower else None)
    assert root(ours).summary()["refused"] == root(ours).refused


def test_what_could_not_be_captured_runs_without_a_detour():
    ours = nn.LSTM(8, 8).eval()
    stoker.optimize(ours, after=0)
    run(ours, 2)
    assert root(ours).refused == "nothing of it could be captured"
    assert root(ours)._cached is None and served(ours) == 0


@pytest.mark.usefixtures("eager_to_capture")
def test_a_branch_of_which_nothing_could_be_captured_ends_captures_only():
    class Either(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.lstm = nn.Linear(8, 8), nn.LSTM(8, 8)

        def forward(self, x, recurrent=False):
            return self.lstm(x)[0] if recurrent else self.linear(x).relu()

    ours, given = Either().eval(), torch.randn(3, 8)
    stoker.optimize(ours)
    run(ours, 3)
    for _ in range(2):
        assert_alike(ours(given, recurrent=True), stock(ours, given, recurrent=True))
    assert root(ours).refused == "nothing of it could be captured"
    before = served(ours)
    run(ours, 2)
    assert served(ours) == before + 2
