"""Images lie channels last from the first convolution to the last, without copies in between.

before: y = stoker.convolution(x, w, ...); z = y.view(n, -1)
after:  x1 = x.contiguous(memory_format=torch.channels_last)
        y = stoker.convolution(x1, w, ...); z = y.reshape(n, -1)

Convolutions hand the layout of their input on, and so do the operations between them. What leaves
the graph is brought back to the strides stock gives it.
"""

from __future__ import annotations

import operator

import torch
from torch.fx import Graph, Node
from torch.nn import functional as F

from stoker.graph.nodes import insert, value
from stoker.graph.passes.canonicalise import PAD

_LAST = {"memory_format": torch.channels_last}
# Of images that lie channels last they make such images.
_PRESERVING = {
    operator.add, operator.mul, torch.cat, F.relu, F.relu6, F.silu, F.hardswish, F.hardsigmoid,
    torch.sigmoid, torch.tanh, torch._C._nn.gelu, F.batch_norm, F.max_pool2d, torch.max_pool2d,
    F.avg_pool2d, F.adaptive_avg_pool2d, F.interpolate, PAD,
}  # fmt: skip


def channels_last(graph: Graph) -> int:
    """Returns how many tensors are brought to that layout."""
    convolutions = [node for node in graph.nodes if _is_convolution(node)]
    if not convolutions:
        return 0
    images, affected = _spread(graph)
    output = next(node for node in graph.nodes if node.op == "output")
    leaving = [node for node in output.all_input_nodes if node in affected]
    if any(_format(node) is None for node in leaving) or _share_memory(leaving):
        return 0
    if any(_reads_bits(node) for node in affected):
        return 0
    entries: dict[Node, list[Node]] = {}
    for image in sorted(images):
        for entry in _image_operands(image):
            if entry not in images:
                entries.setdefault(entry, []).append(image)
    # Of one image, a fake tensor that went through reshape() has other strides than a real one: it
    # says channels last where torch's operators do not (segformer's bilinear interpolation).
    known = all(entry.op == "placeholder" for entry in entries)
    if not known and any(_format(node) is torch.channels_last for node in leaving):
        return 0
    for entry, readers in entries.items():
        _enter(entry, readers)
    for node in graph.nodes:
        if node.op == "call_method" and node.target == "view" and node in affected:
            node.target = "reshape"  # the same where stock can view, else a copy
    for node in leaving:
        _leave(node, output)
    return len(entries)


def _is_convolution(node: Node) -> bool:
    made = node.op == "call_function" and node.target is torch.ops.stoker.convolution.default
    return made and value(node) is not None and value(node).dim() == 4


def _spread(graph: Graph) -> tuple[set[Node], set[Node]]:
    """The images that will lie channels last; and all that is computed from one."""
    images: set[Node] = set()
    affected: set[Node] = set()
    for node in graph.nodes:
        inputs = node.all_input_nodes
        from_image = any(each in images for each in inputs)
        preserving = node.op == "call_function" and node.target in _PRESERVING
        four = value(node) is not None and value(node).dim() == 4
        if _is_convolution(node) or (preserving and four and from_image):
            images.add(node)
        if node in images or any(each in affected for each in inputs):
            affected.add(node)
    return images, affected


def _image_operands(node: Node) -> list[Node]:
    """Not a convolution's weight. A sum lies as its first operand does, so all of them count."""
    if _is_convolution(node):
        operands = [node.args[0], node.kwargs.get("other")]
    else:
        operands = node.all_input_nodes
    return [each for each in operands if value(each) is not None and value(each).dim() == 4]


def _enter(entry: Node, readers: list[Node]) -> None:
    with entry.graph.inserting_before(min(readers)):
        made = entry.graph.call_method("contiguous", (entry,), _LAST)
    made.meta = dict(entry.meta)
    for node in readers:
        node.replace_input_with(entry, made)


def _reads_bits(node: Node) -> bool:
    """Other elements in the same memory: their order is that of the layout."""
    return node.target == "view" and any(isinstance(each, torch.dtype) for each in node.args)


def _format(node: Node) -> torch.memory_format | None:
    """How stock's result lies: what to bring ours to. None: some other way."""
    stock = value(node)
    if stock is None:
        return torch.preserve_format  # a number
    if stock.is_contiguous():
        return torch.contiguous_format
    if stock.dim() == 4 and stock.is_contiguous(memory_format=torch.channels_last):
        return torch.channels_last
    return None


def _share_memory(leaving: list[Node]) -> bool:
    """Is one a view of another? Brought back to its strides it would be a copy."""
    tensors = [value(node) for node in leaving if value(node) is not None]
    return len({each.untyped_storage()._cdata for each in tensors}) < len(tensors)


def _leave(node: Node, output: Node) -> None:
    if value(node) is None:
        return
    made = insert(output, torch.Tensor.contiguous, [node], {"memory_format": _format(node)})
    made.meta = dict(node.meta)
    output.replace_input_with(node, made)
