"""The parent's side of a process that runs one model by one backend."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.models.backends import Backend
from bench.models.workload import Workload

ROOT = Path(__file__).resolve().parents[2]
CLOSING_SECONDS = 20


class Failed(Exception):
    """A backend cannot run a model; its text says why."""


@dataclass(frozen=True)
class Settings:
    cpus: tuple[int, ...]
    threads: int
    limit: float  # seconds, for one request
    folder: Path  # for logs, results and what backends cache; new in every run
    also: tuple[str, ...] = ()  # modules that register more models or backends


def environment(backend: Backend, settings: Settings, cache: Path) -> dict[str, str]:
    """The caller's, but for Stoker's settings; a calibration of this machine is no setting."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("STOKER") or key == "STOKER_CALIBRATION"
    }
    ours = {
        "OMP_NUM_THREADS": str(settings.threads),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TORCHINDUCTOR_CACHE_DIR": str(cache),  # empty: compiling is part of the first call
    }
    return kept | ours | backend.environment


class Contestant:
    """One process; close() ends it. Every ask() raises Failed."""

    def __init__(self, workload: Workload, backend: Backend, dtype: str, settings: Settings):
        self.key = (backend.name, dtype)
        name = f"{workload.name}-{backend.name}-{dtype}"
        self._limit = settings.limit
        self._log = settings.folder / f"{name}.log"
        options = ["--cpus", ",".join(str(cpu) for cpu in settings.cpus)]
        options += [f"--also={module}" for module in settings.also]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.models.child", workload.name, *self.key, *options],
                cwd=ROOT,
                env=environment(backend, settings, settings.folder / f"{name}.cache"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # its own children are ended with it
            )

    def ask(self, action: str, **arguments: Any) -> dict[str, Any]:
        """What the process answers; Failed if it cannot, ends, or takes longer than the limit."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"do": action, **arguments}) + "\n")
            self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], self._limit)[0]:
            self._kill()
            raise Failed(f"'{action}' took longer than {self._limit:g} s")
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            raise Failed(f"the process ended with status {status}: {self._last_words()}")
        answer = json.loads(line)
        if "failed" in answer:
            raise Failed(answer["failed"])
        return answer["ok"]

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
        self._process.stdout.close()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote nothing"
