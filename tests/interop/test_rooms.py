"""tests/rooms.py finds each fault that it looks for, in houses of three folders."""

import subprocess
import sys

import pytest

from bascule import SOURCE

LIBRARY = """{name}_lib = static_library('{name}', files('{name}.c'), dependencies: [{deps}])
{name}_dep = declare_dependency(link_with: {name}_lib, dependencies: [{deps}])
"""


def build(root, rooms):
    """rooms: name -> (declared dependencies, headers that NAME.c includes)."""
    for name, (deps, includes) in rooms.items():
        folder = root / "control" / name
        folder.mkdir(parents=True)
        (folder / "meson.build").write_text(LIBRARY.format(name=name, deps=", ".join(f"{dep}_dep" for dep in deps)))
        (folder / f"{name}.h").write_text("#include <stdint.h>\n")
        (folder / f"{name}.c").write_text("".join(f'#include "{header}"\n' for header in (f"{name}.h", *includes)))


def check(root, *options):
    done = subprocess.run([sys.executable, SOURCE / "tests" / "rooms.py", *options, root], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


GOOD = {"low": ((), ()), "middle": (("low",), ("low.h",)), "high": (("middle",), ("middle.h", "low.h"))}


def test_a_house_in_order(tmp_path):
    build(tmp_path, GOOD)
    assert check(tmp_path) == (0, [])
    assert check(tmp_path, "--draw") == (0, ["control/low (2 files) > -", "control/middle (2 files) > control/low",
                                             "control/high (2 files) > control/low, control/middle"])


@pytest.mark.parametrize("change, fault", [
    ({"low": ((), ("high.h",))},
     "control/low/low.c:2: includes control/high/high.h, but control/low/meson.build does not declare control/high"),
    ({"middle": ((), ("low.h",))},
     "control/middle/middle.c:2: includes control/low/low.h, but control/middle/meson.build does not declare control/low"),
    ({"low": (("high",), ("high.h",))},
     "control/high/meson.build:1: a circle of folders: control/high, control/low, control/middle"),
])
def test_an_arrow_against_the_order(tmp_path, change, fault):
    build(tmp_path, GOOD | change)
    code, lines = check(tmp_path)
    assert code == 1 and fault in lines


def test_two_headers_of_one_name(tmp_path):
    build(tmp_path, GOOD)
    (tmp_path / "control" / "high" / "low.h").write_text("")
    code, lines = check(tmp_path)
    assert code == 1 and "control/low/low.h:1: has the name of control/high/low.h" in lines
