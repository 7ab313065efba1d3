"""Zeros put around an image before a convolution are the convolution's own padding.

before: y = F.pad(x, (1, 1, 1, 1)); z = stoker.convolution(y, w, None, [2, 2], [0, 0], ...)
after:  z = stoker.convolution(x, w, None, [2, 2], [1, 1], ...)
"""

from __future__ import annotations

import torch
from torch.fx import Graph, Node

from stoker.graph.nodes import is_call, only_user
from stoker.graph.passes.canonicalise import PAD


def padding(graph: Graph) -> int:
    """Returns how many were taken over by a convolution, or were of no width."""
    gone = 0
    for node in list(graph.nodes):
        widths = _symmetric(node) if is_call(node, PAD) else None
        if widths is None:
            continue
        if any(widths):
            user = only_user(node)
            if not is_call(user, torch.ops.stoker.convolution.default) or user.args[0] is not node:
                continue
            own = user.args[4]
            if len(own) != len(widths):
                continue
            wider = [a + b for a, b in zip(own, widths, strict=True)]
            user.args = (*user.args[:4], wider, *user.args[5:])
        node.replace_all_uses_with(node.args[0])
        graph.erase_node(node)
        gone += 1
    return gone


def _symmetric(node: Node) -> list[int] | None:
    """Zeros to each side, first dimension first, as convolutions say it; None for other padding."""
    names = ("input", "pad", "mode", "value")
    given = {"mode": "constant", "value": None} | dict(zip(names, node.args, strict=False))
    given |= node.kwargs
    widths = given["pad"]
    numbers = isinstance(widths, (tuple, list)) and all(type(each) is int for each in widths)
    if not numbers or given["mode"] != "constant" or given["value"] not in (None, 0, 0.0):
        return None
    sides = list(zip(widths[::2], widths[1::2], strict=True))
    if any(a != b or a < 0 for a, b in sides):
        return None
    return [a for a, _ in reversed(sides)]
