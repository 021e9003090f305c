"""The rules of the house: who may import whom, and what importing isnad costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Data flows one way: a folder may import those named here, and of `eval` its pure metrics alone.
ALLOWED = {
    "isnad": set(),
    "seeds": {"isnad"},
    "tracking": set(),
    "eval": {"isnad", "seeds", "tracking"},
    "train": {"isnad", "seeds", "tracking", "eval.metrics"},
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def may_import(package, module):
    top = module.split(".")[0]
    return top not in ALLOWED or top == package or top in ALLOWED[package] or module in ALLOWED[package]


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_go_one_way(package):
    files = list((ROOT / package).rglob("*.py"))
    assert files
    wrong = [(str(f), m) for f in files for m in imports(f) if not may_import(package, m)]
    assert wrong == []


def test_the_rule_catches_a_wrong_import():
    assert not may_import("isnad", "train.data")
    assert not may_import("train", "eval.suite")
    assert may_import("train", "eval.metrics")


def test_the_wheel_imports_its_base_dependencies_alone():
    allowed = {"isnad", "numpy", "onnxruntime", "tokenizers"} | sys.stdlib_module_names
    found = {m.split(".")[0] for f in (ROOT / "isnad").rglob("*.py") for m in imports(f)}
    assert found <= allowed


def test_importing_isnad_loads_nothing_heavy():
    code = "import isnad, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not {"torch", "transformers", "hydra", "sklearn", "onnxruntime", "tokenizers"} & set(loaded.split())


def test_source_files_stay_readable():
    long = [f for p in ALLOWED for f in (ROOT / p).rglob("*.py") if len(f.read_text("utf-8").splitlines()) > 260]
    assert long == []
