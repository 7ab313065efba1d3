"""Stoker: faster PyTorch inference on CPUs without a change to the program.

Installing the package is enough: ``import torch`` loads it. This module is for looking and for
switching; it does not import torch by itself, so it may be imported before torch.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys

from stoker import autoload as _autoload
from stoker import module_hook as _module_hook

__version__ = _autoload.VERSION
__all__ = [
    "disable",
    "enable",
    "explain",
    "graphs",
    "optimize",
    "reset_counters",
    "set_dtype",
    "status",
    "unregister",
]


def _binding():
    """The extension module, or None while libstoker.so is not loaded."""
    if _autoload.library is None:
        return None
    from stoker import _C

    return _C


def status() -> dict:
    """What Stoker is doing in this process.

    Returns a dict: ``active`` (bool), ``why`` (str, empty when active), ``version``, ``torch``,
    ``isa``, ``cpu``, ``dtype``, ``calibration``, ``calibration_file`` (str), ``rows`` (what
    this CPU can run, by kind of product, best first), ``operators`` (per
    operator: ``calls``, ``taken``, ``rows`` and ``declined``, counts by row name and by reason;
    ``seconds_taken`` and ``seconds_declined``, counted under STOKER_REPORT only) and ``packed``
    (counts and bytes) and ``graphs`` (per captured module: how often, seconds, what was fused, why
    not). Never raises.
    """
    binding = _binding()
    if binding is None:
        return {
            "active": False,
            "why": _autoload.why,
            "version": __version__,
            "operators": {},
            "packed": {},
            "graphs": [],
        }
    now = binding.status()
    for counts in now["operators"].values():
        counts["taken"] = sum(counts["rows"].values())
        counts["calls"] = counts["taken"] + sum(counts["declined"].values())
    roots = sys.modules.get("stoker.graph.roots")
    return {"version": __version__, **now, "graphs": roots.report() if roots else []}


def explain() -> str:
    """Per operator and per weight: what was chosen or declined, and why."""
    binding = _binding()
    return binding.explain() if binding else f"stoker is off: {_autoload.why}\n"


def enable() -> None:
    """Turn the overrides on again after disable() or unregister().

    Raises RuntimeError with the reason where Stoker cannot run.
    """
    if "torch" not in sys.modules:
        raise RuntimeError("Stoker cannot be enabled yet: import torch first")
    if _autoload.library is None:
        _autoload.load()
    binding = _binding()
    if binding is None:
        raise RuntimeError(f"Stoker cannot be enabled: {_autoload.why}")
    binding.enable()
    if _autoload.under_run() or binding.status()["dtype"] != "float32" or _module_hook.graphs:
        _module_hook.install()


def disable() -> None:
    """Run every operator by torch's own kernels until enable(). Thread-safe; packs are kept."""
    binding = _binding()
    if binding:
        binding.disable()
        _module_hook.remove()


def set_dtype(dtype, force: bool = False) -> None:
    """The type in which products of fp32 tensors are multiplied, below modules in eval mode.

    ``dtype``: ``torch.float32`` (default) or ``torch.bfloat16``: operands are rounded to bf16, sums
    stay fp32, results are fp32. Products that autograd records or runs are never touched, nor those
    outside a module. Wraps ``nn.Module.__call__``; disable() undoes it. Process-wide.

    Raises ValueError on another dtype, RuntimeError where Stoker is off, or on a CPU without bf16
    instructions unless ``force``.
    """
    name = str(dtype).removeprefix("torch.")
    if name not in ("float32", "bfloat16"):
        raise ValueError(f"dtype must be torch.float32 or torch.bfloat16, not {dtype}")
    binding = _binding()
    if binding is None:
        raise RuntimeError(f"Stoker is off: {_autoload.why}")
    binding.set_dtype(name == "bfloat16", force)
    if name == "bfloat16":
        _module_hook.install()


def optimize(model, after: float = 0.0):
    """Capture `model` (an nn.Module) into graphs of fused operators when it is called in eval mode
    without gradients. Returns the same object: it stays what it is, in training too.

    ``after``: seconds of such calls before the first capture, which takes seconds itself. Wraps
    ``nn.Module.__call__``; disable() undoes it. What cannot be captured runs as it did; status()
    says why. Raises TypeError for what is no module, RuntimeError where Stoker is off.
    """
    import torch

    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"optimize() takes an nn.Module, not {type(model).__name__}")
    _start_graphs()
    from stoker.graph import roots

    roots.want(model, float(after))
    return model


@contextlib.contextmanager
def graphs(after: float = 0.0):
    """Within ``with stoker.graphs():`` every module called outermost is captured, as if it had been
    given to optimize(). Raises RuntimeError where Stoker is off."""
    from stoker.graph import settings

    _start_graphs()
    before = settings.current
    settings.current = dataclasses.replace(before, everything=True, after=float(after))
    try:
        yield
    finally:
        settings.current = before


def _start_graphs() -> None:
    from stoker.graph import settings

    if _binding() is None:
        raise RuntimeError(f"Stoker is off: {_autoload.why}")
    if settings.allowed():
        _module_hook.capture()


def unregister() -> None:
    """Take the overrides out of torch's dispatcher and free every packed weight.

    Only while no other thread runs torch operators.
    """
    binding = _binding()
    if binding:
        binding.unregister()
        _module_hook.remove()


def reset_counters() -> None:
    """Set the counts that status() shows to zero."""
    binding = _binding()
    if binding:
        binding.reset_counters()
