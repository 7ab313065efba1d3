"""Convolutions, with the batch norm that follows, as stoker::convolution.

before: y = torch.conv2d(x, w, None, (1, 1), (1, 1)); z = F.batch_norm(y, mean, var, g, b, False)
after:  z = stoker.convolution(x, w, None, [1, 1], [1, 1], [1, 1], 1, norm=[g, b, mean, var])

batch_norm.py says how it is folded.
"""

from __future__ import annotations

import torch
from torch.fx import Graph, Node

from stoker.graph.nodes import arguments, insert, is_call, only_user, replace, value
from stoker.graph.passes.batch_norm import fold, foldable

_DIMENSIONS = {torch.conv1d: 1, torch.conv2d: 2, torch.conv3d: 3}


def convolutions(graph: Graph) -> int:
    """Returns how many norms were folded."""
    folded = 0
    for node in list(graph.nodes):
        if not is_call(node, *_DIMENSIONS):
            continue
        made = _convolution(node)
        if made is None:
            continue
        norm = only_user(made)
        if norm is not None and foldable(norm, made):
            fold(made, norm)
            folded += 1
    return folded


def _convolution(node: Node) -> Node | None:
    dimensions = _DIMENSIONS[node.target]
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    given = arguments(node, names)
    batched = value(given["input"]) is not None and value(given["input"]).dim() == dimensions + 2
    padding = _padding(given, dimensions)
    if padding is None or not batched:
        return None
    args = [
        given["input"],
        given["weight"],
        given.get("bias"),
        _each(given.get("stride", 1), dimensions),
        padding,
        _each(given.get("dilation", 1), dimensions),
        given.get("groups", 1),
    ]
    made = insert(node, torch.ops.stoker.convolution.default, args, like=node)
    replace(node, made)
    return made


def _padding(given: dict, dimensions: int) -> list[int] | None:
    """In numbers; None where "same" means more zeros on one side than on the other."""
    padding = given.get("padding", 0)
    if padding == "valid":
        return [0] * dimensions
    if padding != "same":
        return _each(padding, dimensions)
    window = value(given["weight"]).shape[2:]
    dilation = _each(given.get("dilation", 1), dimensions)
    total = [step * (size - 1) for step, size in zip(dilation, window, strict=True)]
    return None if any(each % 2 for each in total) else [each // 2 for each in total]


def _each(given, dimensions: int) -> list[int]:
    return [given] * dimensions if isinstance(given, int) else list(given)
