"""RMSNorm written out in Python, as one operation.

before: h = x.to(torch.float32); v = h.pow(2).mean(-1, keepdim=True)
        y = w * (h * torch.rsqrt(v + eps)).to(torch.float32)
after:  y = stoker.rms_norm(x, None, w, eps)[1]
"""

from __future__ import annotations

import operator

import torch
from torch.fx import Graph, Node

from stoker.graph.nodes import insert, is_call, is_method, replace, same_shape, uncast, value

_SQUARES = (torch.pow, operator.pow)


def rms_norm(graph: Graph) -> int:
    """Returns how many were found."""
    found = 0
    for node in list(graph.nodes):
        operands = _operands(node)
        if operands is not None:
            args = [operands[0], None, operands[1], operands[2]]
            pair = insert(node, torch.ops.stoker.rms_norm.default, args)
            replace(node, insert(node, operator.getitem, [pair, 1], like=node))
            found += 1
    return found


def _operands(node: Node) -> tuple[Node, Node, float] | None:
    """x, weight, eps where `node` is their RMSNorm."""
    for weight, normalized in _both_orders(node):
        if not isinstance(weight, Node) or value(weight) is None or value(weight).dim() != 1:
            continue
        for h, scale in _both_orders(uncast(normalized)):
            eps = _eps_of(scale, h)
            if eps is None:
                continue
            x = uncast(h)
            dtype = value(x).dtype
            same_types = dtype == value(node).dtype == value(weight).dtype
            whole = value(weight).shape[0] == value(x).shape[-1]
            # In another type than fp32 the squares must be fp32 ones.
            exact = value(h).dtype == torch.float32
            if same_types and whole and exact and same_shape(x, node):
                return x, weight, eps
    return None


def _both_orders(node) -> list[tuple]:
    if not is_call(node, operator.mul):
        return []
    a, b = node.args
    return [(a, b), (b, a)]


def _eps_of(scale, h) -> float | None:
    """eps where `scale` is 1 / sqrt(mean of squares of h + eps)."""
    if not (is_method(scale, "rsqrt") or is_call(scale, torch.rsqrt)):
        return None
    inner = scale.args[0]
    if not is_call(inner, operator.add):
        return None
    numbers = [each for each in inner.args if isinstance(each, float)]
    means = [each for each in inner.args if isinstance(each, Node)]
    if len(numbers) != 1 or len(means) != 1 or not _is_mean_of_squares(means[0], h):
        return None
    return numbers[0]


def _is_mean_of_squares(node: Node, h) -> bool:
    if not (is_method(node, "mean") or is_call(node, torch.mean)):
        return False
    given = dict(zip(("input", "dim", "keepdim"), node.args, strict=False)) | node.kwargs
    if given.get("dim") not in (-1, (-1,), [-1]) or given.get("keepdim") is not True:
        return False
    square = given["input"]
    if is_method(square, "pow") or is_call(square, *_SQUARES):
        return square.args[0] is h and len(square.args) == 2 and square.args[1] == 2
    return (is_method(square, "square") or is_call(square, torch.square)) and square.args[0] is h
