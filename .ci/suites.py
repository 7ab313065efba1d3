"""Runs the contract tests and ctest, then the other pytest folders; the last line is the count.

A suite also says how much it compared: the sum of what its tests print as "N things compared".
Each pytest folder is a process of its own: some set Stoker's environment before torch is imported.
Most of a folder's time is the start of one process after another, so a folder runs beside another.
A skipped test counts as failed: what cannot be run here must not look tested.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "results"
# When torch changed under us, nothing after the contract tests means much.
FIRST = ("contract", "ctest")
LONGEST = ("graph", "operators", "weights", "commands", "activation")
# Folders share the CPUs: threads of OpenMP that spin while they wait take them from the others.
# A test of small operators took 57 s beside another, and 18 s so (two CPUs, Zen 3).
ENVIRONMENT = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}


@dataclass
class Count:
    passed: int = 0
    failed: int = 0


def cpus() -> int:
    return len(os.sched_getaffinity(0))


def read_junit(path: Path) -> tuple[Count, list[str]]:
    """The count, and what to say of the tests."""
    count, notes, compared = Count(), [], Counter()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        # ctest says it in the status attribute, pytest in child elements.
        bad = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        if bad or case.get("status", "run") != "run":
            count.failed += 1
            notes.append(f"not passed: {case.get('classname')}::{case.get('name')}")
        else:
            count.passed += 1
        printed = case.findtext("system-out", "")
        for number, things in re.findall(r"\b(\d+) (\w+) compared\b", printed):
            compared[things] += int(number)
    if compared:
        sums = (f"{number:,} {things}" for things, number in compared.items())
        notes.append("compared: " + ", ".join(sums))
    return count, notes


def run_suite(name: str, command: list[str], junit: Path) -> tuple[Count, str]:
    """The count, and what to print."""
    junit.unlink(missing_ok=True)
    start = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=ENVIRONMENT,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    lines = [f"== {name}, {time.monotonic() - start:.0f} s", done.stdout.rstrip()]
    try:
        count, notes = read_junit(junit)
        lines += notes
    except (OSError, ElementTree.ParseError):
        lines.append(f"{name}: no results (exit status {done.returncode})")
        return Count(failed=1), "\n".join(lines)
    if count.passed + count.failed == 0 or (done.returncode != 0 and count.failed == 0):
        lines.append(f"{name}: exit status {done.returncode}, {count.passed} tests passed")
        count.failed += 1
    return count, "\n".join(lines)


def ctest_command(junit: Path) -> list[str]:
    jobs = f"--parallel={cpus()}"
    return ["ctest", "--preset", "release", jobs, "--output-junit", str(junit)]


def pytest_command(folder: str, junit: Path) -> list[str]:
    options = ["-o", "junit_logging=system-out", f"--junitxml={junit}"]
    return [sys.executable, "-m", "pytest", *options, f"tests/{folder}"]


def main() -> int:
    RESULTS.mkdir(parents=True, exist_ok=True)
    tests = ROOT / "tests"
    folders = {path.relative_to(tests).parts[0] for path in tests.glob("*/**/test_*.py")}

    def suite(folder: str) -> tuple[Count, str]:
        junit = RESULTS / f"{folder}.xml"
        command = ctest_command(junit) if folder == "ctest" else pytest_command(folder, junit)
        return run_suite(folder, command, junit)

    # As many at once as there are CPUs, two at least; the longest early, so that none ends alone.
    rest = folders - {*FIRST, *LONGEST}
    order = [*FIRST, *(name for name in LONGEST if name in folders), *sorted(rest)]
    counts = []
    with ThreadPoolExecutor(max(2, cpus())) as pool:
        for done in as_completed([pool.submit(suite, name) for name in order]):
            count, text = done.result()
            print(text, flush=True)
            counts.append(count)

    passed = sum(count.passed for count in counts)
    failed = sum(count.failed for count in counts)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
