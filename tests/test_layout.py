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


# Parts of the wheel that need an extra, and what it brings.
EXTRAS = {
    "isnad/serve": {"fastapi", "pydantic", "pydantic_core", "starlette", "uvicorn"},
    "isnad/sklearn.py": {"sklearn"},
    "isnad/corpus/arrow.py": {"pyarrow"},
    "isnad/corpus/progress.py": {"tqdm"},
    "isnad/scale.py": {"pandas", "pyarrow"},
}
# These import it as they are imported; the others when they use it.
AT_ONCE = ("isnad/serve", "isnad/sklearn.py")


def test_the_wheel_imports_its_base_dependencies_alone():
    base = {"isnad", "numpy", "onnxruntime", "tokenizers"} | sys.stdlib_module_names
    for file in (ROOT / "isnad").rglob("*.py"):
        brought = [extra for part, extra in EXTRAS.items() if file.is_relative_to(ROOT / part)]
        assert {m.split(".")[0] for m in imports(file)} <= base.union(*brought), file


def test_importing_isnad_loads_nothing_heavy():
    """Nor its modules that use an extra now and then: what they need is imported when it is used."""
    files = [f for f in (ROOT / "isnad").rglob("*.py") if not any(f.is_relative_to(ROOT / part) for part in AT_ONCE)]
    names = (f.relative_to(ROOT).with_suffix("") for f in files if f.name != "__main__.py")
    modules = sorted(".".join(name.parts).removesuffix(".__init__") for name in names)
    assert "isnad.corpus.run" in modules
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    heavy = {"torch", "transformers", "hydra", "onnxruntime", "tokenizers", "ray"}.union(*EXTRAS.values())
    assert not heavy & set(loaded.split())


def test_source_files_stay_readable():
    long = [f for p in ALLOWED for f in (ROOT / p).rglob("*.py") if len(f.read_text("utf-8").splitlines()) > 260]
    assert long == []
