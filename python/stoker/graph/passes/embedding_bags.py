"""Bags of several tables that a cat puts side by side, as one call.

before: a = F.embedding_bag(i, v, o); b = F.embedding_bag(j, w, p); y = torch.cat([x, a, b], 1)
after:  ab = stoker.embedding_bags([v, w], [i, j], [o, p], mode=1); y = torch.cat([x, ab], 1)

The call stands where the cat does: no write can be between (canonicalise). Bags that anything else
reads stay, as parts of one tensor would have other strides than stock's.

Where no row runs, the operator is the calls one by one and a cat more, which costs more than the
calls' Python gives back for few tables or large results. Zen 3, one thread, sums by stock's kernel,
time apart / merged, single runs: 26 tables 1.13-1.23 at 2 to 4 KB and 1.0-1.11 at 32 KB a table,
0.71-1.09 from 64 KB on; 8 tables 1.0-1.2, 2 tables mostly below 1. All of DLRM with bags of 20:
1.19 with one example, 1.08 with 16, 1.02 (noise) with 128.
"""

from __future__ import annotations

import torch
from torch.fx import Graph, Node
from torch.nn import functional as F

from stoker.graph.nodes import argument, arguments, insert, is_call, only_user, replace, value

_MODES = {"sum": 0, "mean": 1, "max": 2}
_PARAMETERS = (
    "input", "weight", "offsets", "max_norm", "norm_type", "scale_grad_by_freq", "mode", "sparse",
    "per_sample_weights", "include_last_offset", "padding_idx",
)  # fmt: skip
_FEWEST = 8
_MOST_BYTES = 32 << 10  # of the result, a table
_UNSUPPORTED = ("max_norm", "per_sample_weights", "padding_idx")


def embedding_bags(graph: Graph) -> int:
    """Returns how many bags were merged."""
    merged = 0
    for node in list(graph.nodes):
        if _side_by_side(node):
            merged += _merge(node)
    return merged


def _side_by_side(node: Node) -> bool:
    """Is it a cat of matrices along their rows?"""
    if not is_call(node, torch.cat) or value(node) is None or value(node).dim() != 2:
        return False
    return argument(node, 1, "dim", 0) in (1, -1)


def _merge(cat: Node) -> int:
    parts = argument(cat, 0, "tensors", ())
    runs: list[tuple] = []  # what tells kinds of bags apart, and neighbours of one kind
    for part in parts:
        kind = _kind(part) if parts.count(part) == 1 else None
        if kind is not None and runs and runs[-1][0] == kind:
            runs[-1][1].append(part)
        else:
            runs.append((kind, [part]))
    bags = [bag for kind, run in runs if _pays(kind, run) for bag in run]
    if not bags:
        return 0
    made: list = []
    for kind, run in runs:
        made += [_one_call(cat, run)] if _pays(kind, run) else run
    replace(cat, made[0] if len(made) == 1 else insert(cat, torch.cat, [made, 1], like=cat))
    for bag in bags:
        cat.graph.erase_node(bag)
    return len(bags)


def _pays(kind: tuple | None, run: list) -> bool:
    if kind is None or len(run) < _FEWEST:
        return False
    sizes = [size for bag in run for size in value(bag).shape]
    if not all(isinstance(size, int) for size in sizes):
        return False
    return sum(value(bag).nbytes for bag in run) <= _MOST_BYTES * len(run)


def _kind(node) -> tuple | None:
    """What bags of one call have in common; None for other nodes."""
    if not is_call(node, F.embedding_bag) or only_user(node) is None:
        return None
    given = arguments(node, _PARAMETERS)
    if given.get("offsets") is None or any(given.get(name) is not None for name in _UNSUPPORTED):
        return None
    # torch still takes table and indices in the other order, with a warning.
    if value(given["weight"]) is None or not value(given["weight"]).is_floating_point():
        return None
    last, mode = given.get("include_last_offset", False), given.get("mode", "mean")
    return mode, last, value(node).dtype


def _one_call(before: Node, bags: list[Node]) -> Node:
    given = [arguments(bag, _PARAMETERS) for bag in bags]
    args = [[each[name] for each in given] for name in ("weight", "input", "offsets")]
    kwargs = {
        "mode": _MODES[given[0].get("mode", "mean")],
        "include_last_offset": given[0].get("include_last_offset", False),
    }
    made = insert(before, torch.ops.stoker.embedding_bags.default, args, kwargs)
    made.meta["example_value"] = torch.cat([value(bag) for bag in bags], 1)
    return made
