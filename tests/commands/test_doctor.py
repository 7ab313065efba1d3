"""`stoker doctor`: what it says is what is, and every piece of advice appears when it is due."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from stoker import doctor

from tests.support.environment import without_stoker


def run(*args: str, **env: str) -> str:
    command = [sys.executable, "-m", "stoker", "doctor", *args]
    return subprocess.check_output(command, env=without_stoker(**env), text=True)


def test_json_says_what_is():
    found = json.loads(run("--json", STOKER_PACK_BUDGET="1G"))
    assert found["stoker"]["active"] and found["stoker"]["torch"] == torch.__version__
    assert found["settings"]["STOKER_PACK_BUDGET"] == "1G"
    assert "avx2" in found["cpu"]["features"] and found["cores"]["affinity"]
    assert found["memory"]["OpenMP runtimes"] == ["libgomp"]
    assert found["memory"]["available GiB"] > 0


def test_the_table_has_every_line_of_the_json():
    found, text = json.loads(run("--json")), run()
    for section in ("stoker", "cpu", "cores", "memory", "settings"):
        for name in found[section]:
            assert f"{section}: {name}" in text


def test_off_is_said_first():
    assert "- Stoker is off: STOKER=0" in run(STOKER="0")


HEALTHY = {
    "stoker": {"active": True, "why not": "", "calibration": "Some CPU"},
    "cpu": {"features": ["avx2", "fma", "f16c", "avx512_bf16"]},
    "cores": {"cgroup quota": 2, "torch threads": 2},
    "memory": {"transparent huge pages": "madvise", "OpenMP runtimes": ["libgomp"]},
    "settings": {},
}


@pytest.mark.parametrize(
    ("section", "change", "expected"),
    [
        ("stoker", {"active": False, "why not": "a reason"}, "Stoker is off: a reason"),
        ("settings", {"TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}, "unset TORCH_DEVICE_BACKEND"),
        ("cpu", {"features": ["avx512_bf16"]}, "no AVX2, FMA and F16C"),
        ("stoker", {"calibration": "conservative prior"}, "run `stoker calibrate`"),
        ("settings", {"STOKER_DISABLE": "mm"}, "STOKER_DISABLE leaves these to stock: mm"),
        ("cpu", {"features": ["avx2", "fma", "f16c"]}, "needs --force"),
        ("cores", {"torch threads": 4}, "set OMP_NUM_THREADS=2"),
        ("memory", {"transparent huge pages": "never"}, "echo madvise"),
        ("memory", {"OpenMP runtimes": ["libgomp", "libiomp5"]}, "two OpenMP runtimes"),
    ],
)
def test_advice(section, change, expected):
    assert doctor.advice(HEALTHY) == []
    (line,) = doctor.advice(HEALTHY | {section: HEALTHY[section] | change})
    assert expected in line
