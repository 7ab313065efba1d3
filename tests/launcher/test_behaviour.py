"""What a script sees and does under `stoker run` is what it sees and does under python."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.environment import without_stoker

PYTHON = [sys.executable]
RUN = [sys.executable, "-m", "stoker", "run"]


@dataclass
class Case:
    source: str = ""
    argv: list[str] = field(default_factory=lambda: ["script.py"])
    files: dict[str, str] = field(default_factory=dict)
    stdin: str = ""
    kill: int = 0
    mode: int = 0o644
    shell: str = "{}"  # the command goes into the braces


PACKAGE = {
    "pkg/__init__.py": "",
    "pkg/__main__.py": "from . import part; import sys; print(part.X, __name__, sys.argv[1:])",
    "pkg/part.py": "X = 'relative'",
}
SPAWN = """
import multiprocessing
def twice(x):
    return 2 * x
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(twice, range(5)))
"""
WAIT = "import time\nprint('ready', flush=True)\ntime.sleep(60)\n"
HANDLER = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(17))
print("ready", flush=True); time.sleep(60)
"""
CASES = {
    "returns": Case("print('hello')"),
    "exit_0": Case("import sys; sys.exit(0)"),
    "exit_3": Case("import sys; sys.exit(3)"),
    "exit_text": Case("import sys; sys.exit('a reason')"),
    "exception": Case("def f():\n    raise ValueError('no')\nf()"),
    "system_exit_in_thread": Case("import os, threading\nos._exit(9)"),
    "sigint": Case(WAIT, kill=signal.SIGINT),
    "sigterm": Case(WAIT, kill=signal.SIGTERM),
    "sigterm_handled": Case(HANDLER, kill=signal.SIGTERM),
    "stdin": Case("import sys; print(sys.stdin.read().upper())", stdin="piped\nlines\n"),
    "argv": Case(
        "import sys; print(sys.argv)",
        argv=["script.py", "a b", '"q"', "", "ü", "--dtype", "int8", "-m", "--", "-h"],
    ),
    "module": Case(argv=["-m", "pkg", "--flag", "1"], files=PACKAGE),
    "module_missing": Case(argv=["-m", "no_such_module"]),
    "package_folder": Case(argv=["folder", "x"], files={"folder/__main__.py": "print(__file__)"}),
    "names": Case("import sys; print(__name__, __file__, sys.path[0], __package__, __spec__)"),
    "sibling": Case("import other", files={"other.py": "print('sibling', __name__)"}),
    "in_folder": Case(
        argv=["sub/script.py"],
        files={"sub/script.py": "import near, sys; print(sys.path[0])", "sub/near.py": ""},
    ),
    "future": Case("from __future__ import annotations\nx: no_such = 1\nprint(__annotations__)"),
    "spawn_pool": Case(SPAWN),
    "missing": Case(argv=["nowhere.py"]),
    "syntax_error": Case("def f(:\n"),
    "closes_stderr": Case("import sys; sys.stderr.close(); print('still here')"),
    "closed_pipe": Case("for i in range(100000): print(i)", shell="{} | head -2"),
    "cwd_and_umask": Case("import os; print(os.getcwd(), os.umask(0))", shell="umask 027; {}"),
    "execs": Case("import os, sys; os.execv(sys.executable, ['python', '-c', 'print(5)'])"),
    "atexit": Case("import atexit; atexit.register(print, 'bye'); print('main')"),
    "pytest": Case(
        argv=["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_x.py"],
        files={"test_x.py": "import sys\ndef test_x():\n    assert sys.argv\n"},
    ),
}  # fmt: skip


def outcome(prefix: list[str], case: Case, folder: Path) -> tuple[int, str, str]:
    folder.mkdir()
    for name, text in ({"script.py": case.source} | case.files).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(case.mode)
    command = [*prefix, *case.argv]
    if case.shell != "{}":
        quoted = " ".join(f"'{word}'" for word in command)
        command = ["bash", "-c", case.shell.format(quoted)]
    env = without_stoker(PYTHONDONTWRITEBYTECODE="1")
    with subprocess.Popen(
        command, cwd=folder, env=env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        ready = process.stdout.readline() if case.kill else ""
        if case.kill:
            time.sleep(0.3)  # both shall be asleep, so that both tracebacks show the same line
            process.send_signal(case.kill)
        stdout, stderr = process.communicate(case.stdin, timeout=60)
    texts = [text.replace(str(folder), "FOLDER") for text in (ready + stdout, stderr)]
    return process.returncode, *texts


@pytest.mark.parametrize("name", CASES)
def test_as_plain_python(name, tmp_path):
    case = CASES[name]
    plain = outcome(PYTHON, case, tmp_path / "a")
    ours = outcome(RUN, case, tmp_path / "b")
    if name == "pytest":  # it prints how long it took
        plain, ours = ((code, out.split(" in ")[0], err) for code, out, err in (plain, ours))
    assert ours == plain


def test_one_instance_leaves_no_parent_behind(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import os; print(os.getpid())")
    with subprocess.Popen([*RUN, str(script)], stdout=subprocess.PIPE, text=True) as process:
        assert int(process.stdout.read()) == process.pid
