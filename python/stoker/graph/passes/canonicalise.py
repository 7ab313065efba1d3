"""One form for each operation, and none in place.

before: y = torch.relu_(x); z = y.add(b); z += c
after:  y = F.relu(x); z = operator.add(y, b); z1 = operator.add(z, c)

An operation in place is taken out of place only where nobody can tell: what it writes was made by
an operation of this graph that shares no memory with its operands, and no view of it was taken
before. Any other write keeps the whole graph as it was captured.
"""

from __future__ import annotations

import operator

import torch
from torch.fx import Graph, Node
from torch.nn import functional as F

from stoker.graph.nodes import KeepError, argument, arguments, value
from stoker.graph.torch_private import mutates

GELU = torch._C._nn.gelu
LINEAR = torch._C._nn.linear
PAD = torch._C._nn.pad

# Functions and methods of one operand that mean the same.
_UNARY = {
    F.relu: {F.relu, torch.relu, torch.relu_, F.relu_, "relu", "relu_"},
    F.relu6: {F.relu6},
    F.hardswish: {F.hardswish},
    F.hardsigmoid: {F.hardsigmoid},
    F.silu: {F.silu, torch._C._nn.silu},
    torch.sigmoid: {torch.sigmoid, F.sigmoid, torch.sigmoid_, "sigmoid", "sigmoid_"},
    torch.tanh: {torch.tanh, F.tanh, torch.tanh_, "tanh", "tanh_"},
}
_ALIASES = {alias: function for function, aliases in _UNARY.items() for alias in aliases}
_BINARY = {
    operator.add: {operator.add, operator.iadd, torch.add, "add", "add_"},
    operator.mul: {operator.mul, operator.imul, torch.mul, torch.multiply, "mul", "mul_"},
}
_BINARY_ALIASES = {alias: function for function, aliases in _BINARY.items() for alias in aliases}
_LOOKUPS = {F.embedding, F.embedding_bag}
_LINEARS = {F.linear, torch._C._nn.linear}
# What they return shares no memory with what they were given.
FRESH = {
    *_UNARY, *_BINARY, GELU, LINEAR, torch.conv1d, torch.conv2d, torch.conv3d, F.batch_norm,
    F.layer_norm, F.group_norm, torch.matmul, operator.matmul, torch.addmm, torch.bmm, torch.cat,
    F.max_pool2d, torch.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d, F.embedding, F.softmax,
    F.interpolate, PAD, torch.pow, operator.pow, torch.erf, operator.truediv, torch.div,
    torch.rsqrt, torch.mean, torch.square,
}  # fmt: skip
_PURE_METHODS = {"to", "float", "pow", "mean", "rsqrt", "square"}


def canonicalise(graph: Graph) -> int:
    """Returns how many operations in place were taken out of place."""
    out_of_place = 0
    for node in list(graph.nodes):
        if node.op not in ("call_function", "call_method"):
            continue
        if _changes_mode(node):
            raise KeepError("it changes a mode of torch on the way")
        in_place = _writes(node)
        if not _rename(node) and in_place:
            raise KeepError(f"it writes in place: {_name(node)}")
        if in_place:
            _take_out_of_place(node)
            out_of_place += 1
    return out_of_place


def _name(node: Node) -> str:
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "?")


def _writes(node: Node) -> bool:
    """May the operation write to an operand?"""
    if node.kwargs.get("inplace") or node.kwargs.get("out") is not None:
        return True
    if node.target in _LOOKUPS and argument(node, 3, "max_norm", None) is not None:
        return True  # to the table
    if mutates(node.target):
        return True
    name = _name(node)
    if node.target in _ALIASES and any(argument is True for argument in node.args[1:]):
        return True
    if node.op == "call_function" and node.target in vars(operator).values():
        is_item = name in ("setitem", "delitem")
        return is_item or (name.startswith("i") and name[1:] in vars(operator))
    return name.endswith("_") and not name.endswith("__")


def _changes_mode(node: Node) -> bool:
    """Gradients or autocast turned on for a part; turned off they are already."""
    name = _name(node)
    if name == "_set_grad_enabled":
        return node.args[0] is not False
    return name == "_enter_autocast" and node.args[2] is not False


def _rename(node: Node) -> bool:
    """Gives the operation its one form; False when it has none here."""
    target = node.target
    if node.kwargs.get("out") is not None:
        return False
    if target in _ALIASES:
        return _set(node, _ALIASES[target], node.args[:1])
    if target in _BINARY_ALIASES:
        plain = len(node.args) == 2 and not node.kwargs
        return plain and _set(node, _BINARY_ALIASES[target], node.args)
    if target in (F.gelu, GELU):
        approximate = node.args[1] if len(node.args) > 1 else node.kwargs.get("approximate", "none")
        return _set(node, GELU, node.args[:1], {"approximate": approximate})
    if target is F.hardtanh and _bounds(node) == (0, 6):
        return _set(node, F.relu6, node.args[:1])
    if target in _LINEARS:
        names = ("input", "weight", "bias")
        given = dict.fromkeys(names) | arguments(node, names)
        return _set(node, LINEAR, tuple(given.values()))
    if target is F.pad:
        return _set(node, PAD, node.args, node.kwargs)
    # In place too, it is nothing but its input: a pass of its own knows it.
    return target is F.dropout


def _bounds(node: Node) -> tuple:
    names = ("input", "min_val", "max_val", "inplace")
    given = {"min_val": -1.0, "max_val": 1.0} | arguments(node, names)
    return given["min_val"], given["max_val"]


def _set(node: Node, function, args, kwargs=None) -> bool:
    node.op, node.target = "call_function", function
    node.args, node.kwargs = tuple(args), kwargs or {}
    return True


def _take_out_of_place(node: Node) -> None:
    written = node.args[0]
    earlier = {user for user in written.users if user is not node and user < node}
    fresh = isinstance(written, Node) and written.op == "call_function" and written.target in FRESH
    if not fresh or not all(user.target in FRESH for user in earlier):
        raise KeepError("it writes in place to what may have other names")
    if value(node) is None or value(node).dtype != value(written).dtype:
        raise KeepError("it writes in place and changes the type")
    written.replace_all_uses_with(
        node, delete_user_cb=lambda user: user is not node and user not in earlier
    )


def is_pure(node: Node) -> bool:
    """Is the operation known to do nothing but compute its result?"""
    if node.op == "call_method":
        return node.target in _PURE_METHODS
    if node.op != "call_function" or node.target not in FRESH:
        return False
    return node.target is not F.batch_norm or argument(node, 5, "training", False) is False
