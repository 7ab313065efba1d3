"""What follows a linear layer or a convolution, element by element, done where it stores.

before: y = stoker.linear(x, [w], [b]); z = F.gelu(y); u = z + residual
after:  u = stoker.linear(x, [w], [b], activation=2, combine=1, other=residual)

Linear layers of one input (query, key and value) are not merged, though stoker.linear takes
several weights: Zen 3, fp32, 3 x 768 -> 768 with 1 to 256 rows: 0.99 to 1.03 of the time apart,
which the second pack and the strides of the parts do not pay for.
"""

from __future__ import annotations

import operator

import torch
from torch.fx import Graph, Node
from torch.nn import functional as F

from stoker.graph.nodes import insert, only_user, replace, same_shape
from stoker.graph.passes.canonicalise import GELU, LINEAR

# The numbers of stoker::linear and stoker::convolution.
_ACTIVATIONS = {
    F.relu: 1, F.silu: 4, torch.sigmoid: 5, torch.tanh: 6, F.hardswish: 7, F.relu6: 8,
    F.hardsigmoid: 9,
}  # fmt: skip
_GELUS = {"none": 2, "tanh": 3}
_ADD, _MULTIPLY, _ADD_THEN_ACTIVATE = 1, 2, 3
_COMBINES = {operator.add: _ADD, operator.mul: _MULTIPLY}


def epilogues(graph: Graph) -> int:
    """Returns how many operations were fused."""
    producers = (torch.ops.stoker.linear.default, torch.ops.stoker.convolution.default)
    fused = 0
    for node in list(graph.nodes):
        if node.op == "call_function" and node.target in producers:
            while (wider := _fuse(node)) is not None:
                node, fused = wider, fused + 1
            _unwrap(node)
    return fused


def _unwrap(node: Node) -> None:
    """A linear layer that nothing was fused into: the call of torch costs less (3 us)."""
    if node.target is torch.ops.stoker.linear.default and not node.kwargs:
        x, (weight,), biases = node.args
        replace(node, insert(node, LINEAR, [x, weight, *(biases or [None])], like=node))


def _fuse(node: Node) -> Node | None:
    """The node with the operation that follows in it, or None where that does not go."""
    user = only_user(node)
    if user is None or user.op != "call_function" or not same_shape(user, node):
        return None
    kwargs = _activate(node, user) if user.target not in _COMBINES else _combine(node, user)
    if kwargs is None:
        return None
    made = insert(user, node.target, node.args, {**node.kwargs, **kwargs}, like=user)
    replace(user, made)
    node.graph.erase_node(node)
    return made


def _activate(node: Node, user: Node) -> dict | None:
    activation = _ACTIVATIONS.get(user.target)
    if user.target is GELU:
        activation = _GELUS.get(user.kwargs["approximate"])
    if activation is None or "activation" in node.kwargs:
        return None
    combine = node.kwargs.get("combine", 0)
    if combine == 0:
        return {"activation": activation}
    if combine == _ADD:
        return {"activation": activation, "combine": _ADD_THEN_ACTIVATE}
    return None


def _combine(node: Node, user: Node) -> dict | None:
    if node.kwargs.get("combine", 0) != 0:
        return None
    other = user.args[1] if user.args[0] is node else user.args[0]
    if other is node or not same_shape(other, node):
        return None
    return {"combine": _COMBINES[user.target], "other": other}
