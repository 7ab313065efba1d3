"""Runs a script unmodified and reports how long each outermost nn.Module call took.

usage: python measure.py REPORT.json SCRIPT [ARGUMENT ...]
"""

from __future__ import annotations

import importlib.util
import json
import runpy
import sys
import time
from pathlib import Path
from typing import Any

import torch


class ModuleClock:
    """Wraps nn.Module.__call__; only the outermost call is timed."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._depth = 0

    def install(self) -> None:
        call = torch.nn.Module.__call__

        def timed(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            if self._depth:
                return call(module, *args, **kwargs)
            self._depth = 1
            start = time.perf_counter()
            try:
                return call(module, *args, **kwargs)
            finally:
                self.seconds.append(time.perf_counter() - start)
                self._depth = 0

        torch.nn.Module.__call__ = timed


def stoker_status() -> dict[str, Any] | None:
    if importlib.util.find_spec("stoker") is None:
        return None
    import stoker

    status = stoker.status()
    return status if status["active"] else None


def main() -> None:
    report, script, *arguments = sys.argv[1:]
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).resolve().parent)
    clock = ModuleClock()
    clock.install()
    runpy.run_path(script, run_name="__main__")
    result = {"seconds": clock.seconds, "stoker": stoker_status()}
    Path(report).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
