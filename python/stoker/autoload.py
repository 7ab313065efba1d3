"""The entry point that torch calls at the end of ``import torch``.

It imports nothing heavy and never raises: an exception here would make ``import torch`` fail for
good in this process.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys

from stoker import stderr

VERSION = "0.1.0"
BUILT_FOR_TORCH = "2.13"  # torch's inline layouts change with each minor version

library: ctypes.CDLL | None = None
why = "torch is not imported yet, or TORCH_DEVICE_BACKEND_AUTOLOAD is 0"


def load() -> None:
    """Load libstoker.so; say on stderr, in one line, why not. Called with ``import torch``."""
    _activate()
    # Last: it records stock processes too.
    if os.environ.get("STOKER_RECORD"):
        _record(sys.modules.get("torch"), os.environ.pop("STOKER_RECORD"))


def _activate() -> None:
    global why
    try:
        if library is not None:
            return
        if os.environ.get("STOKER") == "0":
            why = "STOKER=0"
            return
        torch = sys.modules.get("torch")
        if torch is None or not hasattr(torch, "__version__"):
            raise RuntimeError("import torch first")
        _load(torch)
        if under_run():
            _prepare_run(torch)
        target = os.environ.get("STOKER_REPORT", "0")
        if target not in ("", "0"):
            from stoker import report

            report.install(target)
    except Exception as error:
        why = " ".join(str(error).split()) or type(error).__name__
        _say(why)


def _load(torch) -> None:
    global library, why
    running = torch.__version__
    if running.split("+")[0].split(".")[:2] != BUILT_FOR_TORCH.split("."):
        raise RuntimeError(f"built for torch {BUILT_FOR_TORCH}.*, found {running}")
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libstoker.so")
    _check_whole(path)
    loaded = ctypes.CDLL(path)  # its constructor enables it, and says so itself when it cannot
    loaded.stoker_why.restype = ctypes.c_char_p
    loaded.stoker_learn_slice_deleter.argtypes = [ctypes.c_void_p]
    loaded.stoker_learn_slice_deleter.restype = None
    loaded.stoker_sweep.restype = None
    # safetensors and torch.load(mmap=True) hand weights out as slices of a mapped storage.
    example = torch.UntypedStorage(64)[0:32]
    loaded.stoker_learn_slice_deleter(example._cdata)
    library = loaded
    why = loaded.stoker_why().decode()
    gc.callbacks.append(_after_collection)


def _record(torch, folder: str) -> None:
    try:
        from stoker.compare import recorder

        recorder.install(torch, folder)
    except Exception as error:
        _say(f"no record: {error}")


def under_run() -> bool:
    """True in a process that `stoker run` started, and in its children."""
    return os.environ.get("STOKER_RUN") == "1"


def _prepare_run(torch) -> None:
    from stoker import module_hook

    if os.environ.get("STOKER_INFERENCE") == "1":
        torch._C._set_grad_enabled(False)
        module_hook.inference = True
    module_hook.install()
    from stoker.graph import settings

    try:
        settings.current = settings.from_environment()
    except ValueError as error:
        _say(str(error), "no graphs")
    if settings.current.everything:
        module_hook.capture()


def _check_whole(path: str) -> None:
    """The dynamic loader maps a truncated file without complaint and dies of SIGBUS; we must not.

    In an ELF64 file the section headers come last: e_shoff, e_shentsize, e_shnum (elf(5)).
    """
    with open(path, "rb") as file:
        header = file.read(64)
        size = file.seek(0, os.SEEK_END)
    number = [int.from_bytes(header[a:b], "little") for a, b in ((40, 48), (58, 60), (60, 62))]
    if header[:4] != b"\x7fELF" or len(header) < 64 or number[0] + number[1] * number[2] > size:
        raise RuntimeError(f"{path} is damaged; install stoker again")


def _after_collection(phase: str, info: dict) -> None:
    """A model that died in a cycle gives its packed weights back with it."""
    if phase == "stop" and info["generation"] == 2 and library is not None:
        library.stoker_sweep()


def _say(line: str, what: str = "off") -> None:
    stderr.write(f"stoker: {what}: {line}\n")  # status() says it all the same
