"""Linear layers, in each of the ways models write them, as stoker::linear.

before: y = F.linear(x, w, b)          |  y = torch.addmm(b, x.view(-1, k), w).view(x.shape[:-1], n)
after:  y = stoker.linear(x, [w], [b]) |  y = stoker.linear(x, [w.t()], [b])
"""

from __future__ import annotations

import torch
from torch.fx import Graph, Node

from stoker.graph.nodes import insert, is_call, only_user, replace, value
from stoker.graph.passes.canonicalise import LINEAR
from stoker.graph.torch_private import same_size


def linears(graph: Graph) -> int:
    """Returns how many were rewritten."""
    rewritten = 0
    for node in list(graph.nodes):
        if is_call(node, LINEAR):
            x, weight, bias = node.args
            if _at_least_matrix(x) and _is_weight(weight):
                replace(node, _linear(node, x, weight, bias))
                rewritten += 1
        elif is_call(node, torch.addmm) and not node.kwargs and len(node.args) == 3:
            rewritten += _conv1d(node)
    return rewritten


def _linear(node: Node, x: Node, weight: Node, bias: Node | None) -> Node:
    args = [x, [weight], [] if bias is None else [bias]]
    return insert(node, torch.ops.stoker.linear.default, args, like=node)


def _at_least_matrix(x) -> bool:
    return value(x) is not None and value(x).dim() >= 2


def _is_weight(node) -> bool:
    return isinstance(node, Node) and node.op == "placeholder" and value(node).dim() == 2


def _conv1d(node: Node) -> bool:
    """Hugging Face's Conv1D: a linear layer whose weight is [k, n], between two views."""
    bias, rows, weight = node.args
    if not (_is_weight(weight) and value(bias) is not None and value(bias).dim() == 1):
        return False
    transposed = insert(node, torch.t, [weight])
    transposed.meta["example_value"] = value(weight).t()
    viewed = only_user(node)
    if viewed is not None and _is_view(rows) and _is_view(viewed) and _restores(rows, viewed):
        x = rows.args[0]
        replace(viewed, _linear(viewed, x, transposed, bias))
        node.graph.erase_node(node)
        if not rows.users:
            node.graph.erase_node(rows)
    else:
        replace(node, _linear(node, rows, transposed, bias))
    return True


def _is_view(node) -> bool:
    is_method = isinstance(node, Node) and node.op == "call_method"
    return is_method and node.target in ("view", "reshape") and value(node.args[0]) is not None


def _restores(rows: Node, viewed: Node) -> bool:
    """Does `viewed` bring back the leading sizes that `rows` had before it was made a matrix?"""
    before, after = value(rows.args[0]), value(viewed)
    if before.dim() < 2 or before.dim() != after.dim():
        return False
    leading = zip(before.shape[:-1], after.shape[:-1], strict=True)
    whole = same_size(before.shape[-1], value(rows).shape[-1])
    return whole and all(same_size(*sizes) for sizes in leading)
