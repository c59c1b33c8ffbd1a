"""Adds up the JUnit reports in a folder and prints the closing lines; or says whether few tests of one report failed.

Usage: _totals.py FOLDER
       _totals.py --few MOST REPORT    exit code 0 when at least one and at most MOST tests failed
Called by bin/test after its suites; it decides nothing else: bin/test fails by the suites' exit codes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree


def failed_in(report: Path) -> set[str]:
    """Names of the tests of a report that failed, or could not be set up or torn down."""
    cases = ElementTree.parse(report).getroot().iter("testcase")
    return {
        f"{case.get('classname')}::{case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    }


def counts_of(report: Path) -> Iterator[tuple[int, int]]:
    """Of each suite in the report: how many tests there were, and how many were skipped."""
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        yield int(suite.get("tests", 0)), int(suite.get("skipped", 0))


def main(folder: Path) -> None:
    """Prints `N passed, N failed, N skipped`, and who passed at the second try only."""
    tests = skipped = 0
    failed: set[str] = set()
    late: set[str] = set()
    for report in sorted(folder.glob("*.xml")):
        for all_of_suite, skipped_of_suite in counts_of(report):
            tests += all_of_suite
            skipped += skipped_of_suite
        broken = failed_in(report)
        again = folder / "second" / report.name
        still = failed_in(again) if again.exists() else broken
        failed |= still
        late |= broken - still
    for name in sorted(late):
        sys.stdout.write(f"Passed at the second try only, which is a fault of the test or of the product: {name}\n")
    sys.stdout.write(f"{tests - len(failed) - skipped} passed, {len(failed)} failed, {skipped} skipped\n")


def few(most: int, report: Path) -> bool:
    """Whether so few failed that a second try is worth it; not when nothing could run at all."""
    return report.exists() and 0 < len(failed_in(report)) <= most


if __name__ == "__main__":
    if sys.argv[1] == "--few":
        sys.exit(0 if few(int(sys.argv[2]), Path(sys.argv[3])) else 1)
    main(Path(sys.argv[1]))
