"""Module graphs: modules in eval mode, captured by TorchDynamo, rewritten to fused operators.

Nothing here imports torch._dynamo until the first capture: a program that runs a model once pays
nothing. docs/graph.md says what is captured, when, and what never is.
"""

from __future__ import annotations
