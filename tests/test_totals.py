"""The closing lines of bin/test: what failed, and what passed at the second try only."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FAILURE = '<failure message="no"/>'


def totals(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "bin/_totals.py", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def write_report(path: Path, **tests: str) -> Path:
    """A JUnit report of tests by their names."""
    cases = "".join(
        f'<testcase classname="tests.a" name="{name}">{inside}</testcase>' for name, inside in tests.items()
    )
    skipped = cases.count("<skipped/>")
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'<testsuites><testsuite tests="{len(tests)}" skipped="{skipped}">{cases}</testsuite></testsuites>')
    return path


def test_whoever_passes_at_the_second_try_is_named_and_not_counted_as_failed(tmp_path):
    write_report(tmp_path / "1.xml", good="", late=FAILURE, bad=FAILURE, out="<skipped/>")
    write_report(tmp_path / "second/1.xml", late="", bad=FAILURE)
    write_report(tmp_path / "2.xml", fine="", broken=FAILURE)
    name, closing = totals(tmp_path).stdout.splitlines()
    assert name.endswith("the product: tests.a::late")
    assert closing == "3 passed, 2 failed, 1 skipped"


@pytest.mark.parametrize(("failed", "code"), [(0, 1), (1, 0), (3, 0), (4, 1)])
def test_only_few_failures_are_tried_again(tmp_path, failed, code):
    report = write_report(tmp_path / "1.xml", good="", **{f"bad{number}": FAILURE for number in range(failed)})
    assert totals("--few", 3, report).returncode == code
    assert totals("--few", 3, tmp_path / "nothing.xml").returncode == 1
