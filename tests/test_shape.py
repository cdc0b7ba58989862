"""The shape that keeps the project readable: sizes, imports, and what nobody may do."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("router", "classifiers", "policies")
MODULE_LINES, FUNCTION_LINES, TEN_MINUTES = 360, 50, 800


def modules() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *OURS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split() if name.endswith(".py") and (ROOT / name).exists()]


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in modules():
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def imported(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_modules_and_functions_stay_small() -> None:
    long = [str(path) for path in modules() if path.read_text().count("\n") > MODULE_LINES]
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or 0) - node.lineno + 1
                if size > FUNCTION_LINES:
                    long.append(f"{name}:{node.lineno} {node.name} ({size} lines)")
    assert long == []


def test_the_story_can_be_read_in_ten_minutes() -> None:
    story = ("router/types.py", "router/gateway.py", "router/observe.py", "policies/engine.py")
    assert sum((ROOT / name).read_text().count("\n") for name in story) <= TEN_MINUTES


def test_heavy_and_foreign_imports_stand_where_they_belong() -> None:
    where = {name: imported(tree) for name, tree in trees()}
    assert [name for name, found in where.items() if "litellm" in found] == ["router/hosted.py"]
    assert [
        name for name, found in where.items() if "torch" in found and not name.startswith("classifiers/train/")
    ] == []
    assert [name for name, found in where.items() if "fastapi" in found] == ["router/api.py", "router/app.py"]


def test_the_lower_packages_know_only_the_nouns_of_the_router() -> None:
    found = [
        f"{name}: {node.module}"
        for name, tree in trees()
        if not name.startswith("router/")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "router"
    ]
    assert {line.partition(": ")[2] for line in found} == {"router.types"}


def test_nothing_learned_is_unpickled_and_no_config_is_code() -> None:
    banned = re.compile(r"(?<!\w)(pickle|joblib|yaml\.load\(|(?<!\.)eval\(|exec\()")
    found = [
        f"{path}: {line.strip()}" for path in modules() for line in path.read_text().splitlines() if banned.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["router/types.py", "router/gateway.py", "policies/engine.py"])
def test_what_is_read_first_says_so(name: str) -> None:
    assert ast.get_docstring(ast.parse((ROOT / name).read_text()))
