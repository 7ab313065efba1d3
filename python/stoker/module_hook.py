"""The thin wrapper around ``nn.Module.__call__`` for `stoker run`, bf16 mode and graphs.

It counts the modules in eval mode that are running on a thread: bf16 is for what happens below one,
and the outermost one is what a graph is captured of.
"""

from __future__ import annotations

import sys

_original = None
inference = False  # STOKER_INFERENCE: no module call records gradients
graphs = False  # wanted by someone
outermost = None  # graph.roots.call while they are: (original, module, args, kwargs)


def install() -> None:
    """Wrap ``nn.Module.__call__``; does nothing when it is wrapped already."""
    global _original, outermost
    if graphs:
        from stoker.graph import roots

        outermost = roots.call
    if _original is not None:
        return
    import torch

    from stoker import _C

    _original = torch.nn.Module.__call__
    torch.nn.Module.__call__ = _wrapper(_original, torch, _C)


def capture() -> None:
    """Let outermost calls become graphs; wraps ``nn.Module.__call__`` where it is not yet."""
    global graphs
    graphs = True
    install()


def remove() -> None:
    """Put the wrapped ``__call__`` back, unless somebody wrapped ours in turn."""
    global _original, outermost
    outermost = None
    if _original is None:
        return
    import torch

    if getattr(torch.nn.Module.__call__, "_stoker_hook", False):
        torch.nn.Module.__call__ = _original
        _original = None


def _wrapper(original, torch, binding):
    from stoker.graph.torch_private import hide

    enter, restore = binding.enter_eval, binding.restore_eval
    is_compiling = torch.compiler.is_compiling
    is_grad_enabled, set_grad_enabled = torch.is_grad_enabled, torch._C._set_grad_enabled
    hook = sys.modules[__name__]

    def __call__(self, *args, **kwargs):
        # Dynamo traces this function: it must see nothing of ours.
        if is_compiling():
            return original(self, *args, **kwargs)
        # Grad mode is a thread's own; a new thread starts with it on.
        if hook.inference and is_grad_enabled():
            set_grad_enabled(False)
        # A frozen script module has no such attribute: it is in eval mode for good.
        if getattr(self, "training", False):
            return original(self, *args, **kwargs)
        depth = 0  # Ctrl-C may come between the end of enter() and the assignment
        try:
            depth = enter()
            if depth == 0 and hook.outermost is not None:
                return hook.outermost(original, self, args, kwargs)
            return original(self, *args, **kwargs)
        finally:
            restore(depth)

    # Else what a program compiles itself would be captured from here on, too, module by module.
    hide(__call__)
    __call__._stoker_hook = True
    __call__.__wrapped__ = original
    return __call__
