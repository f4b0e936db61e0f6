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


def test_one_folder_of_control_knows_the_dataplane(tmp_path):
    rooms = {"forward": (("fib",), ("fib.h",)), "server": (("forward", "fib"), ("forward.h",))}
    (tmp_path / "dataplane" / "fib").mkdir(parents=True)
    (tmp_path / "dataplane" / "fib" / "meson.build").write_text(LIBRARY.format(name="fib", deps=""))
    (tmp_path / "dataplane" / "fib" / "fib.h").write_text("")
    (tmp_path / "dataplane" / "fib" / "fib.c").write_text('#include "fib.h"\n')
    build(tmp_path, rooms)
    assert check(tmp_path) == (0, [])
    (tmp_path / "control" / "server" / "server.h").write_text('#include "fib.h"\n')
    assert check(tmp_path) == (1, ["control/server/server.h:1: includes dataplane/fib/fib.h, which control/forward alone may"])


def test_a_source_of_another_library(tmp_path):
    build(tmp_path, GOOD)
    plan = tmp_path / "control" / "high" / "meson.build"
    plan.write_text(plan.read_text().replace("files('high.c')", "files('high.c', '../attic/old.c')"))
    attic = tmp_path / "control" / "attic"
    attic.mkdir()
    (attic / "old.c").write_text('#include "high.h"\n')
    code, lines = check(tmp_path)
    assert code == 1 and {"control/attic/meson.build:1: does not exist",
                          "control/high/meson.build:1: takes ../attic/old.c of another folder"} <= set(lines)


def test_two_headers_of_one_name(tmp_path):
    build(tmp_path, GOOD)
    (tmp_path / "control" / "high" / "low.h").write_text("")
    code, lines = check(tmp_path)
    assert code == 1 and "control/low/low.h:1: has the name of control/high/low.h" in lines


def write(root, files):
    """files: path -> headers that it includes."""
    for path, includes in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("".join(f'#include "{header}"\n' for header in includes))


@pytest.mark.parametrize("files, circle", [
    # a header that needs another, whose source needs it
    ({"control/low/part.h": ["low.h"], "control/low/low.c": ["low.h", "part.h"]}, "control/low/low, control/low/part"),
    # the same by way of a third file
    ({"control/low/part.c": ["part.h", "low.h"], "control/low/part.h": [], "control/low/low.c": ["low.h", "step.h"],
      "control/low/step.c": ["step.h", "part.h"], "control/low/step.h": []},
     "control/low/low, control/low/part, control/low/step"),
    # no circle: part.h is for both
    ({"control/low/part.h": [], "control/low/step.h": ["part.h"], "control/low/low.c": ["low.h", "step.h", "part.h"]}, None),
])
def test_a_circle_of_files(tmp_path, files, circle):
    build(tmp_path, GOOD)
    write(tmp_path, files)
    code, lines = check(tmp_path)
    if circle:
        assert code == 1 and lines == [f"{circle.split(',')[0]}.h:1: a circle of files: {circle}"]
    else:
        assert (code, lines) == (0, [])


CLASS = {"control/rib/rib_private.h": ["rib.h", "group.h"], "control/rib/group.h": ["rib.h"],
         "control/rib/group.c": ["group.h", "rib_private.h"], "control/rib/rib.c": ["rib.h", "rib_private.h"]}


def test_files_of_one_class_share_a_private_header(tmp_path):
    build(tmp_path, GOOD | {"rib": ((), ())})
    write(tmp_path, CLASS)
    assert check(tmp_path) == (0, [])
    write(tmp_path, {"control/rib/rib.h": ["group.h"]})  # but what the class shows to others is in order all the same
    assert check(tmp_path) == (1, ["control/rib/group.h:1: a circle of files: control/rib/group, control/rib/rib"])


def test_a_private_header_is_private(tmp_path):
    build(tmp_path, GOOD | {"rib": ((), ()), "high": (("middle", "rib"), ("middle.h", "rib_private.h"))})
    write(tmp_path, CLASS | {"control/low/low_private.h": []})
    assert check(tmp_path) == (1, [
        "control/low/low_private.h:1: is the private header of no class that tests/rooms.py lists",
        "control/high/high.c:3: includes control/rib/rib_private.h, which is private to control/rib"])
    (tmp_path / "control" / "rib" / "rib_private.h").unlink()
    assert "control/rib/rib_private.h:1: does not exist, but tests/rooms.py lists it" in check(tmp_path)[1]


@pytest.mark.parametrize("text, fault", [
    ("struct low {\n\tint a;\n};\n", "control/low/low.c:1: struct low has the tag of control/high/high.c:2"),
    ("static const struct low {\n\tint a;\n} lows[2];\n",
     "control/low/low.c:1: struct low has the tag of control/high/high.c:2"),
    ("struct __rte_cache_aligned low {\n", "control/low/low.c:1: struct low has the tag of control/high/high.c:2"),
    ("/* a\n * b */ enum low { A };\n", "control/low/low.c:2: enum low has the tag of control/high/high.c:2"),
    ("struct low;\nstruct low *low(void);\nstruct high_low {\n", None),
    ("/* struct low { */\n// struct low {\nconst char *text = \"struct low {\";\n", None),
])
def test_two_structs_of_one_tag(tmp_path, text, fault):
    build(tmp_path, GOOD)
    (tmp_path / "control" / "high" / "high.c").write_text("\nstruct low {\n\tint a;\n};\nstruct lower {\n\tint a;\n};\n")
    (tmp_path / "control" / "low" / "low.c").write_text(text)
    code, lines = check(tmp_path)
    assert lines == ([fault] if fault else []) and code == bool(fault)
