"""One architecture by stock and by graphs, at two shapes."""

from __future__ import annotations

from unittest import mock

import stoker
import torch
from stoker.graph import roots

from tests.architectures.models import ARCHITECTURES
from tests.support.graphs import assert_alike, root, stock

SEED = 29
SHAPES = ((2, 9), (3, 14))


def compare(name: str) -> dict:
    """What became of the model. Raises AssertionError where results, their types or the model's own
    tensors are not stock's."""
    torch.manual_seed(SEED)
    architecture = ARCHITECTURES[name]
    model = architecture.make()
    inputs = [architecture.inputs(*shape) for shape in SHAPES]
    state = {key: each.clone() for key, each in model.state_dict().items()}
    expected = [stock(model, **each) for each in inputs]
    stoker.optimize(model, after=0)
    # Else the second shape would be plain Python's: these calls take less time than a capture.
    always = mock.patch.object(roots.Root, "_due", lambda self: self.refused is None)
    with always:
        for each, of_stock in zip(inputs, expected, strict=True):
            for _ in range(2):  # captured; then by the graph
                result = model(**each)
                assert type(result) is type(of_stock)
                assert_alike(tensors(result), tensors(of_stock))
    assert_alike(dict(model.state_dict()), state)
    return root(model).summary()


def tensors(result):
    """A result with its caches as the tensors they hold."""
    if isinstance(result, torch.Tensor) or result is None:
        return result
    if isinstance(result, dict):
        return {key: tensors(each) for key, each in result.items()}
    if isinstance(result, (tuple, list)):
        return type(result)(map(tensors, result))
    if hasattr(result, "self_attention_cache"):
        return [tensors(result.self_attention_cache), tensors(result.cross_attention_cache)]
    return [[layer.keys, layer.values] for layer in result.layers]


def text(name: str, summary: dict) -> str:
    """One line of what was captured, and why not more."""
    fused = ", ".join(f"{count} {each}" for each, count in summary["fused"].items())
    parts = [f"{summary['graphs']} graphs in {summary['captures']} captures", fused or "none fused"]
    parts += [f"kept as captured: {why}" for why in summary["kept"]]
    parts += [f"broke: {why}" for why in summary["breaks"]]
    parts += [f"refused: {summary['refused']}"] if summary["refused"] else []
    return f"{name}: {'; '.join(parts)}"
