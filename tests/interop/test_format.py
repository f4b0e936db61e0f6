"""tests/format.py finds what it looks for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
GOOD = "int main(void)\n{\n\treturn 0;\n}\n"


def judge(root, name, text):
    folder = root / "control"
    folder.mkdir()
    shutil.copy(SOURCE / ".clang-format", root)
    (folder / name).write_text(text)
    done = subprocess.run([sys.executable, SOURCE / "tests" / "format.py", root], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name, text, fault", [
    ("good.c", GOOD, None),
    ("good.h", "/* " + "x" * 94 + " */\n", None),
    ("wide.h", "/* " + "x" * 95 + " */\n", "control/wide.h:1: 101 columns"),
    ("tabs.c", GOOD.replace("return", "/* " + "x" * 90 + " */\n\treturn"), "control/tabs.c:3: 104 columns"),
    ("spaces.c", GOOD.replace("\t", "    "), "control/spaces.c:2:2: error"),
    ("brace.cc", GOOD.replace(")\n{", ") {"), "control/brace.cc:1:"),
])
def test_faults(tmp_path, name, text, fault):
    status, said = judge(tmp_path, name, text)
    assert status == (1 if fault else 0), said
    if fault:
        assert fault in said


def test_nothing_to_judge_is_a_fault(tmp_path):
    assert judge(tmp_path, "readme.txt", "")[0] == 1
