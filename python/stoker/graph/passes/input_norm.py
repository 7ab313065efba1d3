"""A batch norm before a convolution or a linear layer, folded into its weight.

before: y = F.batch_norm(x, mean, var, g, beta, False); z = stoker.linear(y, [w], [b])
after:  z = stoker.linear(x, [w], [b], input_norm=[g, beta, mean, var], input_eps=1e-5)

The norm is folded where the weight is packed, in double: w' = w s, b' = b + sum of w t with
s = gamma / sqrt(var + eps), t = beta - mean s. Zeros around an image come after the norm and would
need another bias at its borders, so only convolutions without padding take one. Small linear layers
gain nothing: stock multiplies there, and the call of the operator costs 10 us (Zen 3, one thread:
0.67 to 0.95 of the time from 256 x 256 on, 1.0 to 1.5 below; convolutions 0.5 to 1.0).
"""

from __future__ import annotations

import torch
from torch.fx import Graph, Node
from torch.nn import functional as F

from stoker.graph.nodes import argument, insert, is_call, only_user, replace, value
from stoker.graph.passes.batch_norm import foldable, given_tensors

_CONVOLUTION = torch.ops.stoker.convolution.default
_LINEAR = torch.ops.stoker.linear.default
_FEWEST_WEIGHTS = 1 << 16  # of a linear layer


def input_norms(graph: Graph) -> int:
    """Returns how many were folded."""
    folded = 0
    for node in list(graph.nodes):
        user = only_user(node) if is_call(node, F.batch_norm) else None
        if user is not None and user.args[:1] == (node,) and _takes_norm(user, node):
            x = argument(node, 0, "input", None)
            user.update_kwarg("input_norm", given_tensors(node))
            user.update_kwarg("input_eps", argument(node, 7, "eps", 1e-5))
            replace(node, x)
            folded += 1
    return folded


def written_out(graph: Graph) -> None:
    """Undoes input_norms()."""
    for node in list(graph.nodes):
        if not node.kwargs.get("input_norm"):
            continue
        x, kwargs = node.args[0], dict(node.kwargs)
        *affine, mean, var = kwargs.pop("input_norm")
        args = [x, mean, var, *(affine or (None, None)), False, 0.0, kwargs.pop("input_eps")]
        node.args = (insert(node, F.batch_norm, args, like=x), *node.args[1:])
        node.kwargs = kwargs


def _takes_norm(user: Node, norm: Node) -> bool:
    if is_call(user, _CONVOLUTION):
        weight, fits = user.args[1], not any(user.args[4])
    elif is_call(user, _LINEAR):
        # Of more than two dimensions the second is normalised, which is not the linear layer's.
        (weight,) = user.args[1]
        fits = value(norm).dim() == 2 and value(weight).numel() >= _FEWEST_WEIGHTS
    else:
        return False
    # What is computed anew in every call is never packed.
    kept = all(each.op == "placeholder" for each in (weight, *given_tensors(norm)))
    single = value(norm).dtype == value(weight).dtype == torch.float32
    return fits and kept and single and foldable(norm, argument(norm, 0, "input", None))
