"""RMSNorm written out in Python, as one operation.

before: h = x.to(torch.float32); v = h.pow(2).mean(-1, keepdim=True)
        y = w * (h * torch.rsqrt(v + eps)).to(x.dtype)
after:  y = stoker.rms_norm(x, None, w, eps)[1]

That is how Llama, Mistral and Qwen write it; T5 multiplies x itself by the root. Gemma and OLMo 2
round 16-bit rows once, after the weight: the operator does with a float32 weight. Gemma's weight is
a sum, 1 + w, as good as any other tensor. What rounds anywhere else is left alone.
"""

from __future__ import annotations

import operator

import torch
from torch.fx import Graph, Node

from stoker.graph.nodes import insert, is_call, is_method, replace, same_shape, uncast, value
from stoker.graph.torch_private import same_size

_POWERS = (torch.pow, operator.pow)
_TYPES = (torch.float32, torch.bfloat16, torch.float16)


def rms_norm(graph: Graph) -> int:
    """Returns how many were found."""
    found = 0
    for node in list(graph.nodes):
        operands = _operands(node)
        if operands is not None:
            x, weight, eps = operands
            if value(weight).dtype != value(uncast(node)).dtype:
                weight = insert(node, torch.Tensor.to, [weight, torch.float32])
            pair = insert(node, torch.ops.stoker.rms_norm.default, [x, None, weight, eps])
            replace(node, insert(node, operator.getitem, [pair, 1], like=node))
            found += 1
    return found


def _operands(node: Node) -> tuple[Node, Node, float] | None:
    """x, weight, eps where `node` is their RMSNorm."""
    product = uncast(node)
    for weight, normalized in _both_orders(product):
        for h, scale in _both_orders(uncast(normalized)):
            eps, x = _eps_of(scale, h), _widened(h)
            if eps is None or not same_shape(x, node) or value(x).dtype not in _TYPES:
                continue
            whole = _is_scale(weight, x) and value(uncast(normalized)).dtype == torch.float32
            # The types say where it is rounded: after the root, after the weight, or nowhere.
            types = [value(each).dtype for each in (normalized, weight, product)]
            once = types[0] == types[2] == torch.float32 and types[1] in _TYPES
            if whole and (types == [value(x).dtype] * 3 or once):
                return x, weight, eps
    return None


def _both_orders(node) -> list[tuple]:
    if not is_call(node, operator.mul):
        return []
    a, b = node.args
    return [(a, b), (b, a)]


def _is_scale(weight, x: Node) -> bool:
    w = value(weight)
    return w is not None and w.dim() == 1 and same_size(w.shape[0], value(x).shape[-1])


def _widened(h):
    """What `h` holds the same values as, in fewer bits or as many."""
    exact = value(h) is not None and value(h).dtype == torch.float32
    return uncast(h) if exact else h


def _eps_of(scale, h) -> float | None:
    """eps where `scale` is 1 / sqrt(mean of squares of h + eps)."""
    inverts = is_call(scale, *_POWERS) and len(scale.args) == 2 and scale.args[1] == -0.5
    if not (inverts or is_method(scale, "rsqrt") or is_call(scale, torch.rsqrt)):
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
    """In float32, of h or of what holds the same values."""
    if not (is_method(node, "mean") or is_call(node, torch.mean)):
        return False
    given = dict(zip(("input", "dim", "keepdim"), node.args, strict=False)) | node.kwargs
    if given.get("dim") not in (-1, (-1,), [-1]) or given.get("keepdim") is not True:
        return False
    base = _squared(given["input"])
    known = len(given) == 3 and value(base) is not None and value(base).dtype == torch.float32
    return known and _widened(base) is _widened(h)


def _squared(node) -> Node | None:
    if is_method(node, "pow") or is_call(node, *_POWERS):
        return node.args[0] if len(node.args) == 2 and node.args[1] == 2 else None
    if is_method(node, "square") or is_call(node, torch.square):
        return node.args[0]
    return node.args[0] if is_call(node, operator.mul) and node.args[0] is node.args[1] else None
