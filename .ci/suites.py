"""Runs ctest, then the contract tests, then the other pytest folders; the last line is the count.

Each pytest folder is a process of its own: some set Stoker's environment before torch is imported.
A skipped test counts as failed: what cannot be run here must not look tested.
"""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "results"


@dataclass
class Count:
    passed: int = 0
    failed: int = 0


def read_junit(path: Path) -> Count:
    count = Count()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        # ctest says it in the status attribute, pytest in child elements.
        bad = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        if bad or case.get("status", "run") != "run":
            count.failed += 1
            print(f"not passed: {case.get('classname')}::{case.get('name')}")
        else:
            count.passed += 1
    return count


def run_suite(name: str, command: list[str], junit: Path) -> Count:
    print(f"== {name}", flush=True)
    junit.unlink(missing_ok=True)
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    try:
        count = read_junit(junit)
    except (OSError, ElementTree.ParseError):
        print(f"{name}: no results (exit status {status})")
        return Count(failed=1)
    if count.passed + count.failed == 0 or (status != 0 and count.failed == 0):
        print(f"{name}: exit status {status}, {count.passed} tests passed")
        count.failed += 1
    return count


def ctest_command(junit: Path) -> list[str]:
    return ["ctest", "--preset", "release", "--output-junit", str(junit)]


def pytest_command(folder: str, junit: Path) -> list[str]:
    return [sys.executable, "-m", "pytest", f"--junitxml={junit}", f"tests/{folder}"]


def main() -> int:
    RESULTS.mkdir(parents=True, exist_ok=True)
    tests = ROOT / "tests"
    folders = {path.relative_to(tests).parts[0] for path in tests.glob("*/**/test_*.py")}

    counts = []
    junit = RESULTS / "ctest.xml"
    counts.append(run_suite("C++", ctest_command(junit), junit))
    # When torch changed under us, nothing after the contract tests means much.
    for folder in ("contract", *sorted(folders - {"contract"})):
        junit = RESULTS / f"{folder}.xml"
        counts.append(run_suite(folder, pytest_command(folder, junit), junit))

    passed = sum(count.passed for count in counts)
    failed = sum(count.failed for count in counts)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
