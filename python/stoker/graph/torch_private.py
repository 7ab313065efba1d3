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
    import torch._dynamo
    from torch._dynamo import eval_frame

    context = torch._dynamo.optimize(backend, dynamic=None)
    convert = getattr(context, "callback", None)  # None where TORCHDYNAMO_DISABLE=1
    if convert is not None:

        def capture(frame, cache_entry, frame_state):
            with _capturing():
                return convert(frame, cache_entry, frame_state)

        capture._torchdynamo_orig_backend = convert  # Dynamo looks for the backend there
        context.callback = capture
    # torch._dynamo.reset() knows it from here, and it would live as long as the process.
    eval_frame.cached_backends.pop(id(backend), None)
    return context(function)


def may_capture() -> bool:
    """False where the program set how Dynamo is to behave (torch.compiler.set_stance)."""
    from torch._dynamo import eval_frame

    return eval_frame._stance.stance == "default" and eval_frame._stance.backend is None


def cached_only(function):
    """`function` run by the graphs captured of it where one fits, else as plain Python."""
    import torch._dynamo

    return torch._dynamo.run(function)


def hide(function) -> None:
    """Dynamo runs `function` as it is and captures nothing in it, only in what it calls."""
    _on_frame(function, "SKIP")


def show(function) -> None:
    """Undo what hide() does, and Dynamo itself after an error: graphs captured of `function` before
    run again."""
    _on_frame(function, "DEFAULT")


def _on_frame(function, action: str) -> None:
    c = torch._C._dynamo.eval_frame  # as torch._dynamo's skip_code(), without importing it
    strategy = c._FrameExecStrategy(getattr(c._FrameAction, action), c._FrameAction.DEFAULT)
    c.set_code_exec_strategy(function.__code__, strategy)


def drop(function) -> None:
    """Forget every graph captured of a function. They and its code keep each other alive where no
    garbage collection sees it; and their guards live as long as the classes that they check, for
    Dynamo has each class call back when it dies."""
    c = torch._C._dynamo.eval_frame
    guards = [entry.guard_manager for entry in c._debug_get_cache_entry_list(function.__code__)]
    c.reset_code(function.__code__)
    for each in guards:
        vars(each).clear()
        each.cache_entry = each.extra_state = None  # what that callback asks for


def graph_breaks() -> dict[str, int]:
    """How often Dynamo broke a graph in this process, by reason."""
    from torch._dynamo.utils import counters

    return dict(counters["graph_break"])


@contextlib.contextmanager
def _capturing():
    """While Dynamo reads a frame, not while the program's code runs. Hooks added or removed later
    are noticed (a guard on each module's dictionaries); parts that Dynamo cannot take run as plain
    Python, without a word, whatever the program configured for graphs of its own."""
    patch = torch._dynamo.config.patch(
        skip_nnmodule_hook_guards=False,
        suppress_errors=True,
        error_on_recompile=False,
        fail_on_recompile_limit_hit=False,
        prepare_freezing=False,
        automatic_dynamic_shapes=True,
        assume_static_by_default=True,
    )
    with (
        patch,
        _silent("torch._dynamo"),
        _silent("torch.fx.experimental"),
        _silent("torch._subclasses"),
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


def is_compiled(module) -> bool:
    """Did the program give the module to torch.compile, or call its compile()?"""
    made_by_dynamo = type(module).__module__ == "torch._dynamo.eval_frame"
    return made_by_dynamo or module._compiled_call_impl is not None


def busy(module) -> str | None:
    """Why this call is somebody else's: a transformation or a mode is at work, or the module is
    compiled already. Every outermost call asks."""
    c = torch._C
    if is_compiled(module):
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
    if torch.nn.modules.module._has_any_global_hook():  # Dynamo does not notice new ones
        return "hooks of all modules are registered"
    return None


def same_size(a, b) -> bool:
    """Are two sizes (int or SymInt) known to be equal? Asks without installing a guard."""
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    if isinstance(a, torch.SymInt) and isinstance(b, torch.SymInt):
        return a.node.expr == b.node.expr
    return False


def mutates(target) -> bool:
    """Does an operator of torch.ops, or one of its overloads, write to an operand by its schema?"""
    if isinstance(target, torch._ops.OpOverload):
        return target._schema.is_mutable
    if not isinstance(target, torch._ops.OpOverloadPacket):
        return False
    arguments = (a for name in target.overloads() for a in getattr(target, name)._schema.arguments)
    # out= is none before it is given.
    return any(a.is_write and not a.kwarg_only for a in arguments)
