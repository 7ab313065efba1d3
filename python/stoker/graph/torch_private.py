"""What torch keeps private and graphs need; tests/contract/test_dynamo.py proves each of them.

torch._dynamo takes a second or two to import: only what belongs to a capture imports it.
"""

from __future__ import annotations

import contextlib
import logging
import warnings

import torch


def compiled(function, backend):
    """`function` captured by Dynamo when it is called and no captured graph fits."""
    return torch.compile(function, backend=backend, dynamic=None)


def cached_only(function):
    """`function` run by the graphs captured of it where one fits, else as plain Python."""
    import torch._dynamo

    return torch._dynamo.run(function)


def hide(function) -> None:
    """Dynamo runs `function` as it is and captures nothing in it, only in what it calls."""
    from torch._dynamo import eval_frame

    eval_frame.skip_code(function.__code__)


def drop(function) -> None:
    """Forget every graph captured of a function."""
    from torch._dynamo import eval_frame

    eval_frame.reset_code(function.__code__)


def graph_breaks() -> dict[str, int]:
    """How often Dynamo broke a graph in this process, by reason."""
    from torch._dynamo.utils import counters

    return dict(counters["graph_break"])


@contextlib.contextmanager
def capturing():
    """While a graph is captured. Hooks added or removed later are noticed (a guard on each module's
    dictionaries); parts that Dynamo cannot take run as plain Python, without a word."""
    import torch._dynamo

    patch = torch._dynamo.config.patch(
        skip_nnmodule_hook_guards=False,
        suppress_errors=True,
        prepare_freezing=False,
        automatic_dynamic_shapes=True,
        assume_static_by_default=True,
    )
    with (
        patch,
        _silent("torch._dynamo"),
        _silent("torch.fx.experimental"),
        warnings.catch_warnings(),
    ):
        # Dynamo's remarks on the code it reads; not the program's own.
        warnings.filterwarnings("ignore", module=r"torch\._dynamo")
        yield


@contextlib.contextmanager
def _silent(name: str):
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def busy(module) -> str | None:
    """Why this call is somebody else's: a transformation or a mode is at work, or the module is
    compiled already. Every outermost call asks."""
    c = torch._C
    if module._compiled_call_impl is not None:
        return "the program compiled it"
    if c._get_tracing_state() is not None:
        return "torch.jit is tracing"
    if c._len_torch_dispatch_stack() or c._len_torch_function_stack():
        return "a dispatch mode is active"
    if c._functorch.peek_interpreter_stack() is not None:
        return "a function transform is active"
    if torch.is_autocast_enabled("cpu"):
        return "autocast is on"
    if torch.are_deterministic_algorithms_enabled():
        return "deterministic algorithms were asked for"
    if torch.fx._symbolic_trace.is_fx_symbolic_tracing():
        return "torch.fx is tracing"
    return None


def same_size(a, b) -> bool:
    """Are two sizes (int or SymInt) known to be equal? Asks without installing a guard."""
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    if isinstance(a, torch.SymInt) and isinstance(b, torch.SymInt):
        return a.node.expr == b.node.expr
    return False
