"""The rules of the house that no linter knows: sizes of files and functions, what a module's docstring says."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("collab", "api", "outbound", "realtime", "accounts", "chat", "editor", "assistant", "integrations")
FILE_LINES, TEST_FILE_LINES, FUNCTION_LINES = 400, 600, 50
TYPESCRIPT = sorted(path for path in (ROOT / "frontend" / "src").rglob("*.ts") if path.name != "protocol.ts")
MODULES = sorted(
    path for app in (*APPS, "tests", "bin") for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_a_file_can_be_read_at_one_sitting() -> None:
    long = {}
    for path in MODULES + TYPESCRIPT:
        limit = TEST_FILE_LINES if {"tests", "test"} & set(path.relative_to(ROOT).parts) else FILE_LINES
        lines = len(path.read_text().splitlines())
        if lines > limit:
            long[name_of(path)] = lines
    assert not long, f"split these by noun: {long}"


def test_a_function_fits_on_a_screen() -> None:
    long = {
        f"{name_of(path)}:{function.lineno} {function.name}": length
        for path in MODULES
        for function in functions(path)
        if (length := (function.end_lineno or function.lineno) - function.lineno + 1) > FUNCTION_LINES
    }
    assert not long, f"functions over {FUNCTION_LINES} lines: {long}"


def test_a_module_says_what_it_is() -> None:
    silent = [
        name_of(path) for path in MODULES if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent, f"modules without a docstring: {silent}"
