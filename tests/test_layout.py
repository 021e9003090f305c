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
    "eval": {"isnad", "seeds"},
    "train": {"isnad", "seeds", "eval.metrics"},
}
# What an extra brings, and the modules of isnad that may use it.
OPTIONAL = {
    "pandas": {"scale.py"},
    "pyarrow": {"corpus/arrow.py", "scale.py"},
    "tqdm": {"corpus/progress.py"},
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
    for file in (ROOT / "isnad").rglob("*.py"):
        name = file.relative_to(ROOT / "isnad").as_posix()
        extra = {module for module, files in OPTIONAL.items() if name in files}
        assert {m.split(".")[0] for m in imports(file)} <= allowed | extra, name


def test_importing_isnad_loads_nothing_heavy():
    """Not even its modules that use an extra: what they need is imported when it is used."""
    files = (f.relative_to(ROOT).with_suffix("") for f in (ROOT / "isnad").rglob("*.py"))
    modules = sorted(".".join(f.parts).removesuffix(".__init__") for f in files if f.name != "__main__")
    assert "isnad.corpus.run" in modules
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    heavy = {"torch", "transformers", "hydra", "sklearn", "onnxruntime", "tokenizers", *OPTIONAL, "ray"}
    assert not heavy & set(loaded.split())


def test_source_files_stay_readable():
    long = [f for p in ALLOWED for f in (ROOT / p).rglob("*.py") if len(f.read_text("utf-8").splitlines()) > 260]
    assert long == []
