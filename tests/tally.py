"""Adds up test results. usage: tally.py DIRECTORY FAILED

DIRECTORY holds JUnit XML files (of gtest programs: a directory a suite; of pytest: one file) and meson's testlog.json of
each suite as SUITE.json. FAILED counts the steps that failed, so that a step that failed without a failed test (a compiler
error, a crash before the first test) still counts. Prints "N passed, N failed" last."""

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def junit(path):
    """(passed, failed) of one JUnit file; a skipped case is neither."""
    passed = failed = 0
    for case in ET.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is None and case.get("status") != "notrun":
            passed += 1
    return passed, failed


def meson(log, reports):
    """(passed, failed) of one suite: the cases of programs that left a report, one for each other program. A program that
    failed although all the cases it reported passed (it crashed at the end, say) is a failure of its own."""
    passed = failed = 0
    for line in log.read_text().splitlines():
        test = json.loads(line)
        ok = test["result"] in ("OK", "EXPECTEDFAIL")
        report = reports / (Path(test["command"][0]).name + ".xml")
        if report.exists():
            p, f = junit(report)
            passed, failed = passed + p, failed + f
            failed += not ok and not f
        elif test["result"] != "SKIP":
            passed, failed = passed + ok, failed + (not ok)
    return passed, failed


def main(directory, failed_steps):
    passed = failed = 0
    for log in sorted(directory.glob("*.json")):
        p, f = meson(log, directory / log.stem)
        passed, failed = passed + p, failed + f
    for report in sorted(directory.glob("*.xml")):
        p, f = junit(report)
        passed, failed = passed + p, failed + f
    failed = max(failed, failed_steps)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
