"""Dropout in eval mode is its input.

before: y = F.dropout(x, 0.1, False)
after:  x
"""

from __future__ import annotations

import torch
from torch.fx import Graph
from torch.nn import functional as F

from stoker.graph.nodes import argument, is_call

_KINDS = (F.dropout, torch.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.feature_alpha_dropout)


def dropout(graph: Graph) -> int:
    """Returns how many were dropped."""
    dropped = 0
    for node in list(graph.nodes):
        if is_call(node, *_KINDS, F.alpha_dropout) and _is_off(node):
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)
            dropped += 1
    return dropped


def _is_off(node) -> bool:
    # torch.dropout(input, p, train) has no default for the last.
    return argument(node, 2, "train" if node.target is torch.dropout else "training", True) is False
