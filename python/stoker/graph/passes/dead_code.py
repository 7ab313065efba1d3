"""What is known to do nothing but compute a value that nobody reads goes: it would keep later
passes from seeing that an operation has one reader only.

before: a = x * 0.5; y = gelu(x)
after:  y = gelu(x)
"""

from __future__ import annotations

from torch.fx import Graph

from stoker.graph.passes.canonicalise import is_pure


def dead_code(graph: Graph) -> int:
    """Returns how many nodes went."""
    before = len(graph.nodes)
    for node in reversed(list(graph.nodes)):
        if not node.users and is_pure(node):
            graph.erase_node(node)
    return before - len(graph.nodes)
