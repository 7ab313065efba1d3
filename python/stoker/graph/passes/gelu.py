"""GELU written out in Python, as one operation that later passes can fuse.

before: y = 0.5 * x * (1 + torch.tanh(0.7978846 * (x + 0.044715 * torch.pow(x, 3))))
after:  y = gelu(x, approximate="tanh")

before: y = x * 0.5 * (1 + torch.erf(x / 1.4142135))
after:  y = gelu(x)
"""

from __future__ import annotations

import math
import operator

import torch
from torch.fx import Graph

from stoker.graph.match import X, match
from stoker.graph.nodes import insert, replace, same_shape
from stoker.graph.passes.canonicalise import GELU

_ADD, _MUL = operator.add, operator.mul
_CUBES = (
    ((torch.pow, operator.pow), X, 3.0),
    (_MUL, (_MUL, X, X), X),
)
_INNER = [(_ADD, X, (_MUL, 0.044715, cube)) for cube in _CUBES]
_TANH = [(torch.tanh, (_MUL, math.sqrt(2 / math.pi), inner)) for inner in _INNER]
_DIVIDE = (operator.truediv, torch.div)
_ERF = [
    (torch.erf, (_DIVIDE, X, math.sqrt(2))),
    (torch.erf, (_MUL, X, math.sqrt(0.5))),
]


def _gates(functions):
    """The ways to write x / 2 (1 + f(x))."""
    for function in functions:
        gate = (_ADD, 1.0, function)
        yield (_MUL, (_MUL, 0.5, X), gate)
        yield (_MUL, 0.5, (_MUL, X, gate))
        yield (_MUL, X, (_MUL, 0.5, gate))


_PATTERNS = [(each, "tanh") for each in _gates(_TANH)] + [(each, "none") for each in _gates(_ERF)]


def gelu(graph: Graph) -> int:
    """Returns how many were found."""
    found = 0
    for node in list(graph.nodes):
        if node.op != "call_function" or node.target is not operator.mul:
            continue
        for pattern, approximate in _PATTERNS:
            x = match(pattern, node)
            if x is not None and same_shape(x, node):
                made = insert(node, GELU, [x], {"approximate": approximate}, like=node)
                replace(node, made)
                found += 1
                break
    return found
