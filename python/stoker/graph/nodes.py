"""What the passes ask of the nodes of a graph."""

from __future__ import annotations

import torch
from torch.fx import Node

from stoker.graph.torch_private import same_size


class KeepError(Exception):
    """The graph must run as it was captured; says why."""


def value(node) -> torch.Tensor | None:
    """The fake tensor a node stands for, or None for what is no tensor."""
    found = node.meta.get("example_value") if isinstance(node, Node) else None
    return found if isinstance(found, torch.Tensor) else None


def is_call(node, *functions) -> bool:
    return isinstance(node, Node) and node.op == "call_function" and node.target in functions


def is_method(node, name: str) -> bool:
    return isinstance(node, Node) and node.op == "call_method" and node.target == name


def uncast(node):
    """The node under a change of type, which stands for itself where there is none."""
    if not (any(is_method(node, name) for name in ("to", "type", "float", "type_as"))):
        return node
    dtypes = node.target == "type_as" or all(isinstance(a, torch.dtype) for a in node.args[1:])
    return node.args[0] if dtypes and not node.kwargs else node


def only_user(node: Node) -> Node | None:
    """The one node that reads this one, or None."""
    return next(iter(node.users)) if len(node.users) == 1 else None


def same_shape(a, b) -> bool:
    """Are two nodes tensors of one shape and dtype, whatever the sizes are at run time?"""
    x, y = value(a), value(b)
    if x is None or y is None or x.dtype != y.dtype or x.dim() != y.dim():
        return False
    return all(same_size(*sizes) for sizes in zip(x.shape, y.shape, strict=True))


def argument(node: Node, position: int, name: str, default):
    """An argument of a call, however it was given."""
    if len(node.args) > position:
        return node.args[position]
    return node.kwargs.get(name, default)


def arguments(node: Node, names: tuple[str, ...]) -> dict:
    """The arguments that a call was given, by name; `names` are those of its parameters."""
    return dict(zip(names, node.args, strict=False)) | node.kwargs


def insert(before: Node, function, args, kwargs=None, like: Node | None = None) -> Node:
    """A new call before a node; it stands for the same tensor as `like`."""
    with before.graph.inserting_before(before):
        made = before.graph.call_function(function, tuple(args), kwargs or {})
    if like is not None:
        made.meta = dict(like.meta)
    return made


def replace(old: Node, new: Node) -> None:
    """`new` for `old` everywhere; `old` goes."""
    old.replace_all_uses_with(new)
    old.graph.erase_node(old)
