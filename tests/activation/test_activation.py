"""Whatever is wrong with the installation, `import torch` works and says at most one line."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.environment import without_stoker

PACKAGE = Path(importlib.util.find_spec("stoker").origin).parent
STATUS = """
import torch, stoker
torch.ones(2, 2) @ torch.ones(2, 2)
status = stoker.status()
print(status["active"], "|", status["why"])
"""


def python(*args, package: Path | None = None, **env: str) -> subprocess.CompletedProcess:
    settings = without_stoker()
    if package is not None:
        settings["PYTHONPATH"] = str(package.parent)
    return subprocess.run(
        [sys.executable, "-W", "error", *args], env=settings | env, capture_output=True, text=True
    )


@pytest.fixture
def copy(tmp_path):
    """A copy of the package that shadows the installed one; its libstoker.so still finds torch."""
    target = tmp_path / "stoker"
    shutil.copytree(PACKAGE, target)
    (tmp_path / "torch").symlink_to(PACKAGE.parent / "torch")
    return target


def check(result, active: bool, lines: int):
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(str(active)), result.stdout + result.stderr
    assert len(result.stderr.splitlines()) == lines, result.stderr
    if not active:
        assert len(result.stdout.split("|")[1].strip()) > 3


def test_active_and_silent():
    check(python("-c", STATUS), True, 0)


def test_a_copy_works_too(copy):
    check(python("-c", STATUS, package=copy), True, 0)


def test_library_missing(copy):
    (copy / "libstoker.so").unlink()
    check(python("-c", STATUS, package=copy), False, 1)


@pytest.mark.parametrize("keep", [0, 100, 5000])
def test_library_truncated(copy, keep):
    library = copy / "libstoker.so"
    library.write_bytes(library.read_bytes()[:keep])
    check(python("-c", STATUS, package=copy), False, 1)


def test_library_is_garbage(copy):
    (copy / "libstoker.so").write_bytes(b"not a library" * 1000)
    check(python("-c", STATUS, package=copy), False, 1)


def test_library_unreadable(copy):
    (copy / "libstoker.so").unlink()
    (copy / "libstoker.so").mkdir()
    check(python("-c", STATUS, package=copy), False, 1)


@pytest.mark.parametrize(
    "become",
    [
        "os.close(2)",
        "os.dup2(os.open('/dev/full', os.O_WRONLY), 2)",
        "sys.stderr.close()",
        "sys.stderr = None",
        "sys.stderr = type('Mute', (), {'flush': lambda self: None})()",
    ],
)
def test_nowhere_to_say_it(copy, become):
    (copy / "libstoker.so").unlink()
    check(python("-c", f"import os, sys\n{become}\n{STATUS}", package=copy), False, 0)


def test_built_for_another_torch(copy):
    module = copy / "autoload.py"
    module.write_text(
        module.read_text().replace('BUILT_FOR_TORCH = "2.13"', 'BUILT_FOR_TORCH = "2.99"')
    )
    result = python("-c", STATUS, package=copy)
    check(result, False, 1)
    assert "built for torch 2.99" in result.stderr


def test_undefined_symbol(copy):
    library = copy / "libstoker.so"
    old, new = b"_lazy_clone", b"_lazy_clonX"
    content = library.read_bytes()
    assert old in content
    library.write_bytes(content.replace(old, new))
    result = python("-c", STATUS, package=copy)
    check(result, False, 1)


def test_switched_off():
    check(python("-c", STATUS, STOKER="0"), False, 0)
    check(python("-c", STATUS, TORCH_DEVICE_BACKEND_AUTOLOAD="0"), False, 0)


def test_a_setting_that_makes_no_sense():
    result = python("-c", STATUS, STOKER_PACK_BUDGET="plenty")
    check(result, False, 1)
    assert "STOKER_PACK_BUDGET" in result.stderr


def test_a_lesser_cpu_can_be_pretended():
    code = "import torch, stoker; s = stoker.status(); print(True, '|', s['isa'], s['rows'])"
    result = python("-c", code, STOKER_MAX_ISA="avx2")
    check(result, True, 0)
    assert "| avx2 " in result.stdout and "jit_bf16_dot" not in result.stdout
    refused = python("-c", STATUS, STOKER_MAX_ISA="sse9")
    check(refused, False, 1)
    assert "expected avx2, avx512, avx512_bf16 or amx" in refused.stderr
    bf16 = python("-c", STATUS, STOKER_MAX_ISA="avx512", STOKER_DTYPE="bfloat16")
    check(bf16, True, 1)
    assert "no bfloat16 instructions" in bf16.stderr


def test_generated_code_can_be_dumped(tmp_path):
    code = (
        "import torch; w = torch.ones(32, 32); torch.set_grad_enabled(False)\n"
        "for _ in range(9): torch.nn.functional.linear(torch.ones(4, 32), w)\n"
        "print('True |')"
    )
    result = python("-c", code, STOKER_JIT_DUMP=str(tmp_path), STOKER_SELECT="always")
    check(result, True, 0)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert any(name.startswith("gemm_f32_f32_4x") for name in names), names


def test_one_operator_disabled():
    code = (
        "import torch, stoker; torch.ones(2, 2) @ torch.ones(2, 2)\n"
        "print(True, '|', stoker.status()['operators']['mm']['calls'], stoker.explain())"
    )
    result = python("-c", code, STOKER_DISABLE="mm")
    check(result, True, 0)
    assert "| 0 " in result.stdout
    assert "mm: not registered, STOKER_DISABLE" in result.stdout


def test_stoker_imported_before_torch():
    check(python("-c", "import stoker\n" + STATUS), True, 0)
    check(python("-c", "import stoker; print(False, '|', stoker.status()['why'])"), False, 0)


def test_run_as_a_module_and_from_a_script(tmp_path):
    (tmp_path / "program.py").write_text(STATUS)
    check(python(str(tmp_path / "program.py")), True, 0)
    check(python("-m", "program", PYTHONPATH=str(tmp_path)), True, 0)


WORKERS = """
import torch, stoker
from torch import multiprocessing as mp
from torch.utils.data import DataLoader

def work(queue):
    queue.put(stoker.status()["active"])

class Data(torch.utils.data.Dataset):
    def __len__(self): return 4
    def __getitem__(self, i): return int(stoker.status()["active"])

if __name__ == "__main__":
    seen = []
    for method in ("spawn", "fork"):
        context = mp.get_context(method)
        queue = context.Queue()
        process = context.Process(target=work, args=(queue,))
        process.start(); seen.append(queue.get(timeout=120)); process.join()
        loader = DataLoader(Data(), batch_size=2, num_workers=1, multiprocessing_context=method)
        seen += [bool(batch.all()) for batch in loader]
    print(all(seen), "|", seen)
"""


def test_workers_of_every_kind(tmp_path):
    (tmp_path / "workers.py").write_text(WORKERS)
    result = python("-W", "default", str(tmp_path / "workers.py"))
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("True |"), result.stdout
    assert len(result.stdout.split(",")) == 6
