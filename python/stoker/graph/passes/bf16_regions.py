"""In bf16 mode: tensors between fused operators are bfloat16.

before: y = stoker.linear(x, [v], [], activation=2); z = stoker.linear(y, [w], [], combine=1, ...)
after:  y = stoker.linear(x, [v], [], activation=2, dtype=torch.bfloat16)
        z = stoker.linear(y, [w], [], combine=1, ..., dtype=torch.float32)

What is only multiplied is rounded by the multiplication anyway: stored as bfloat16 it is the same
number. Between the convolutions of an image, and for the factor of a gated product, sums,
activations and pooling may be bfloat16 as well, where under stock's autocast they would be: no
tensor is rounded here that is not rounded there. Residual streams of transformers, what norms of
rows, softmax and other reductions read, and all that leaves the graph stays float32.
"""

from __future__ import annotations

import operator

import torch
from torch.fx import Graph, Node
from torch.nn import functional as F

from stoker.graph.nodes import argument, insert, is_call, replace, value
from stoker.graph.passes.canonicalise import GELU, LINEAR, PAD
from stoker.graph.passes.input_norm import written_out

_FUSED_LINEAR = torch.ops.stoker.linear.default
_CONVOLUTION = torch.ops.stoker.convolution.default
_ADDS = (1, 3)  # of the numbers of `combine`
# What they give has the type of what they are given.
_VIEWS = {
    torch.flatten, torch.reshape, torch.permute, torch.transpose, torch.squeeze, torch.unsqueeze,
    torch.chunk, torch.split, operator.getitem, torch.Tensor.contiguous,
}  # fmt: skip
_VIEW_METHODS = {
    "flatten", "reshape", "view", "permute", "transpose", "squeeze", "unsqueeze", "chunk", "split",
    "contiguous",
}  # fmt: skip
# They compute in float32 and round once, as the same under autocast.
_ELEMENTWISE = {
    F.relu, F.relu6, F.silu, F.hardswish, F.hardsigmoid, torch.sigmoid, torch.tanh, GELU,
}  # fmt: skip
_OF_IMAGES = {
    operator.add, operator.mul, torch.cat, F.batch_norm, F.max_pool2d, torch.max_pool2d,
    F.avg_pool2d, F.adaptive_avg_pool2d, PAD,
}  # fmt: skip


def bf16_regions(graph: Graph) -> int:
    """Returns how many tensors became bfloat16. The last pass: fake values keep their types."""
    # What a norm reads is not only multiplied: its mean is taken off before it may be rounded.
    written_out(graph)
    chosen = {node for node in graph.nodes if _could_be(node)}
    while rejected := {node for node in chosen if not _may_be(node, chosen)}:
        chosen -= rejected
    for node in list(graph.nodes):
        if is_call(node, LINEAR, _FUSED_LINEAR, _CONVOLUTION):
            _say_type(node, chosen)
    return len(chosen)


def _say_type(node: Node, chosen: set[Node]) -> None:
    """The type of a result, where it is not that of the input and both float32."""
    narrow = node in chosen
    if not narrow and node.args[0] not in chosen:
        return
    if is_call(node, LINEAR):
        x, weight, bias = node.args
        args = [x, [weight], [] if bias is None else [bias]]
        made = insert(node, _FUSED_LINEAR, args, like=node)
        replace(node, made)
        node = made
    node.update_kwarg("dtype", torch.bfloat16 if narrow else torch.float32)


def _could_be(node: Node) -> bool:
    """Is it float32, made by something that can make bfloat16 of it?"""
    if node.op not in ("call_function", "call_method") or not _is_float32(node):
        return False
    return _multiplies(node) or _is_view(node) or _hands_on(node)


def _is_float32(node: Node) -> bool:
    found = node.meta.get("example_value")
    each = found if isinstance(found, (tuple, list)) else (found,)
    return all(isinstance(t, torch.Tensor) and t.dtype == torch.float32 for t in each)


def _multiplies(node: Node) -> bool:
    """A linear layer or a convolution of float32 that rounds its operands in bf16 mode."""
    if is_call(node, LINEAR):
        x, weight, _ = node.args
        whole = isinstance(weight, Node) and weight.op == "placeholder" and value(weight).dim() == 2
        return whole and value(x) is not None and value(x).dim() >= 2
    return is_call(node, _FUSED_LINEAR, _CONVOLUTION)


def _is_view(node: Node) -> bool:
    reinterprets = any(isinstance(each, torch.dtype) for each in node.args)
    known = node.target in (_VIEWS if node.op == "call_function" else _VIEW_METHODS)
    return known and not reinterprets


def _hands_on(node: Node) -> bool:
    if node.op != "call_function":
        return False
    if node.target is F.interpolate:
        return argument(node, 3, "mode", "nearest") == "nearest" and _is_image(node)
    return node.target in _ELEMENTWISE or (node.target in _OF_IMAGES and _is_image(node))


def _is_image(node: Node) -> bool:
    return value(node) is not None and value(node).dim() == 4


def _may_be(node: Node, chosen: set[Node]) -> bool:
    if not node.users or not all(_takes(user, node, chosen) for user in node.users):
        return False
    if not _multiplies(node):
        return all(each in chosen for each in _data_of(node))
    return _only_multiplied(node) or _is_rounded_by_autocast(node, chosen)


def _takes(user: Node, node: Node, chosen: set[Node]) -> bool:
    """Does `user` read `node` as bfloat16 with no loss that autocast would not have?"""
    if not _multiplies(user):
        return user in chosen and node in _data_of(user)
    if _reads(user, node):
        return not _is_other(user, node)
    # A sum with a linear layer's result is a residual stream.
    of_image = is_call(user, _CONVOLUTION)
    return _is_other(user, node) and (of_image or user.kwargs.get("combine") not in _ADDS)


def _reads(user: Node, node: Node) -> bool:
    return user.args[0] is node


def _is_other(user: Node, node: Node) -> bool:
    return user.kwargs.get("other") is node


def _data_of(node: Node) -> list[Node]:
    """What gives its type: of a norm not the parameters."""
    return [node.args[0]] if is_call(node, F.batch_norm) else node.all_input_nodes


def _only_multiplied(node: Node) -> bool:
    def is_multiplied(user: Node) -> bool:
        if _is_view(user):
            return _only_multiplied(user)
        return _multiplies(user) and _reads(user, node)

    return all(map(is_multiplied, node.users))


def _is_rounded_by_autocast(node: Node, chosen: set[Node]) -> bool:
    """Its sums and products have no float32 operand, which would make them float32."""
    if "other" not in node.kwargs:
        return True
    of_image = is_call(node, _CONVOLUTION)
    return node.kwargs["other"] in chosen and (of_image or node.kwargs["combine"] not in _ADDS)
