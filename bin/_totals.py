"""Adds up the JUnit reports in the folder named on the command line and prints one closing line.

Called by bin/test after its suites; it decides nothing: bin/test fails by the suites' exit codes.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree


def main(folder: Path) -> None:
    """Prints `N passed, N failed, N skipped`; an error while setting up or tearing down counts as failed."""
    passed = failed = skipped = 0
    for report in sorted(folder.glob("*.xml")):
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            numbers = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
            failed += numbers["failures"] + numbers["errors"]
            skipped += numbers["skipped"]
            passed += numbers["tests"] - numbers["failures"] - numbers["errors"] - numbers["skipped"]
    sys.stdout.write(f"{passed} passed, {failed} failed, {skipped} skipped\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
