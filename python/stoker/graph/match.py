"""Finding an expression in a graph, as a program's author may have written it."""

from __future__ import annotations

import math
import operator

from torch.fx import Node

X = "x"  # in a pattern: the one tensor the expression is about
_COMMUTATIVE = {operator.add, operator.mul}


def match(pattern, node, x: Node | None = None) -> Node | None:
    """The node that X stands for where `node` computes `pattern`, else None.

    A pattern is X, a number (met within a relative error of 1e-6: authors write constants with
    more or fewer digits), or a tuple of functions that mean the same, or one, and its operands.
    """
    if pattern is X:
        is_other = x is not None and x is not node
        return node if isinstance(node, Node) and not is_other else None
    if isinstance(pattern, float):
        number = isinstance(node, (int, float)) and math.isclose(node, pattern, rel_tol=1e-6)
        return _found(number, x)
    functions, *operands = pattern
    functions = functions if isinstance(functions, tuple) else (functions,)
    if not isinstance(node, Node) or node.op != "call_function" or node.target not in functions:
        return None
    if node.kwargs or len(node.args) != len(operands):
        return None
    orders = [node.args]
    if node.target in _COMMUTATIVE:
        orders.append(node.args[::-1])
    for order in orders:
        found = _match_all(operands, order, x)
        if found is not None:
            return found
    return None


def _match_all(patterns, nodes, x):
    # Operands that fix X first: a number alone does not.
    pairs = sorted(zip(patterns, nodes, strict=True), key=lambda pair: isinstance(pair[0], float))
    for pattern, node in pairs:
        found = match(pattern, node, x)
        if found is None:
            return None
        x = found
    return x


def _found(matches: bool, x):
    return x if matches else None
