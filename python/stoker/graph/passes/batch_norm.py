"""A batch norm after a linear layer, folded into its weight.

before: y = stoker.linear(x, [w], [b]); z = F.batch_norm(y, mean, var, g, beta, False)
after:  z = stoker.linear(x, [w], [b], norm=[g, beta, mean, var], eps=1e-5)

The norm is folded where the weight is packed, in double: w' = w s, b' = (b - mean) s + beta with
s = gamma / sqrt(var + eps); the operands stay the module's own, so a new statistic is a new pack.
"""

from __future__ import annotations

import torch
from torch.fx import Graph, Node
from torch.nn import functional as F

from stoker.graph.nodes import argument, insert, is_call, only_user, replace, same_shape, value


def batch_norms(graph: Graph) -> int:
    """Returns how many were folded."""
    folded = 0
    for node in list(graph.nodes):
        norm = only_user(node) if is_call(node, torch.ops.stoker.linear.default) else None
        # Of more than two dimensions the second is normalised, which is not the linear layer's.
        if norm is not None and foldable(norm, node) and value(node).dim() == 2:
            fold(node, norm)
            folded += 1
    return folded


def foldable(norm: Node, producer: Node) -> bool:
    """Is `norm` the batch norm, in eval mode, of what `producer` computes?"""
    if not is_call(norm, F.batch_norm) or argument(norm, 0, "input", None) is not producer:
        return False
    off = argument(norm, 5, "training", False) is False
    affine, statistics = _operands(norm)
    tensors = all(value(each) is not None for each in statistics)
    known = affine == [None, None] or all(value(each) is not None for each in affine)
    return off and tensors and known and same_shape(norm, producer)


def fold(producer: Node, norm: Node) -> None:
    """`producer`, a call of ours without other options, becomes one with the norm."""
    kwargs = {"norm": given_tensors(norm), "eps": argument(norm, 7, "eps", 1e-5)}
    # At the norm's place: its own operands are computed by then.
    made = insert(norm, producer.target, producer.args, kwargs, like=norm)
    replace(norm, made)
    producer.graph.erase_node(producer)


def given_tensors(norm: Node) -> list[Node]:
    """As operators of ours take them: weight, bias, mean and variance, or the last two."""
    affine, statistics = _operands(norm)
    return [each for each in affine + statistics if each is not None]


def _operands(norm: Node) -> tuple[list, list]:
    affine = [argument(norm, 3, "weight", None), argument(norm, 4, "bias", None)]
    statistics = [argument(norm, 1, "running_mean", None), argument(norm, 2, "running_var", None)]
    return affine, statistics
