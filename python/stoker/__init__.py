"""Stoker: faster PyTorch inference on CPUs without a change to the program.

Installing the package is enough: ``import torch`` loads it. This module is for looking and for
switching; it does not import torch by itself, so it may be imported before torch.
"""

from __future__ import annotations

from stoker import autoload as _autoload

__version__ = _autoload.VERSION
__all__ = ["disable", "enable", "explain", "reset_counters", "status", "unregister"]


def _binding():
    """The extension module, or None while libstoker.so is not loaded."""
    if _autoload.library is None:
        return None
    from stoker import _C

    return _C


def status() -> dict:
    """What Stoker is doing in this process.

    Returns a dict: ``active`` (bool), ``why`` (str, empty when active), ``version``, ``torch``,
    ``isa``, ``cpu``, ``calibration``, ``calibration_file`` (str), ``operators`` (per operator: ``calls``, ``taken``,
    ``rows`` and ``declined``, counts by row name and by reason) and ``packed`` (counts and bytes).
    Never raises.
    """
    binding = _binding()
    if binding is None:
        return {
            "active": False,
            "why": _autoload.why,
            "version": __version__,
            "operators": {},
            "packed": {},
        }
    now = binding.status()
    for counts in now["operators"].values():
        counts["taken"] = sum(counts["rows"].values())
        counts["calls"] = counts["taken"] + sum(counts["declined"].values())
    return {"version": __version__, **now}


def explain() -> str:
    """Per operator and per weight: what was chosen or declined, and why."""
    binding = _binding()
    return binding.explain() if binding else f"stoker is off: {_autoload.why}\n"


def enable() -> None:
    """Turn the overrides on again after disable() or unregister().

    Raises RuntimeError with the reason where Stoker cannot run.
    """
    if _autoload.library is None:
        _autoload.load()
    binding = _binding()
    if binding is None:
        raise RuntimeError(f"Stoker cannot be enabled: {_autoload.why}")
    binding.enable()


def disable() -> None:
    """Run every operator by torch's own kernels until enable(). Thread-safe; packs are kept."""
    binding = _binding()
    if binding:
        binding.disable()


def unregister() -> None:
    """Take the overrides out of torch's dispatcher and free every packed weight.

    Only while no other thread runs torch operators.
    """
    binding = _binding()
    if binding:
        binding.unregister()


def reset_counters() -> None:
    """Set the counts that status() shows to zero."""
    binding = _binding()
    if binding:
        binding.reset_counters()
