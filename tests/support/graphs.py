"""Running something through the backend of module graphs, beside plain Python."""

from __future__ import annotations

import dataclasses

import stoker
import torch
from stoker.graph import backend, roots


@dataclasses.dataclass
class Rewritten:
    """What the backend made of one function or module."""

    graphs: list[backend.Graph]
    result: object

    @property
    def rewrites(self) -> dict[str, int]:
        assert len(self.graphs) == 1, f"{len(self.graphs)} graphs"
        assert self.graphs[0].kept is None, self.graphs[0].kept
        return self.graphs[0].rewrites

    def calls(self, name: str = "") -> list[torch.fx.Node]:
        """The calls of the only graph with such a name."""
        (graph,) = self.graphs
        calls = [n for n in graph.run.__self__.graph.nodes if n.op.startswith("call_")]
        return [node for node in calls if name in str(node.target)]

    @property
    def targets(self) -> list[str]:
        return [str(node.target) for node in self.calls()]


def rewrite(function, *args, **kwargs) -> Rewritten:
    """Captures `function` with our backend and calls it once, without gradients."""
    graphs = []

    def build(module, inputs):
        graphs.append(backend.build(module, inputs))
        return graphs[-1].run

    torch._dynamo.reset()
    with torch.no_grad():
        return Rewritten(graphs, torch.compile(function, backend=build)(*args, **kwargs))


def assert_same(ours, stock, tolerance: float = 2e-5) -> None:
    """Same sizes, strides and dtype, and values within a tolerance relative to the largest."""
    assert ours.shape == stock.shape and ours.dtype == stock.dtype
    assert ours.stride() == stock.stride(), (ours.stride(), stock.stride())
    bound = tolerance * max(1.0, stock.abs().max().item())
    torch.testing.assert_close(ours, stock, rtol=0, atol=bound, equal_nan=True)


def check(function, *args, **kwargs) -> Rewritten:
    """rewrite(), and its result compared with plain Python's."""
    with torch.no_grad():
        stock = function(*args, **kwargs)
    rewritten = rewrite(function, *args, **kwargs)
    assert_same(rewritten.result, stock)
    return rewritten


def assert_alike(ours, stock) -> None:
    """Whole results: containers and types, values, strides, whose autograd they are for."""
    assert type(ours) is type(stock)
    if isinstance(stock, torch.Tensor):
        if stock.dtype.is_floating_point:
            assert_same(ours, stock)
        else:
            assert ours.dtype == stock.dtype and torch.equal(ours, stock)
        assert ours.requires_grad == stock.requires_grad
        assert ours.is_inference() == stock.is_inference()
    elif isinstance(stock, (tuple, list)):
        for a, b in zip(ours, stock, strict=True):
            assert_alike(a, b)
    elif isinstance(stock, dict):
        assert list(ours) == list(stock)
        assert_alike(list(ours.values()), list(stock.values()))
    elif dataclasses.is_dataclass(stock):
        assert_alike(vars(ours), vars(stock))
    else:
        assert ours == stock


def stock(function, *args, **kwargs):
    """What torch alone makes of a call."""
    stoker.disable()
    try:
        return function(*args, **kwargs)
    finally:
        stoker.enable()


def root(model) -> roots.Root:
    return roots.find(model, create=False)


def served(model) -> int:
    """How many calls of a model its graphs served since it was captured."""
    return root(model).graph_calls


def captured(model, *args, **kwargs):
    """Captures a model, which is then called by its graph; returns that result."""
    stoker.optimize(model)
    expected = stock(model, *args, **kwargs)
    assert_alike(model(*args, **kwargs), expected)
    result = model(*args, **kwargs)
    assert_alike(result, expected)
    assert served(model) == 1 and not root(model).refused
    return result
