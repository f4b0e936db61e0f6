#!/usr/bin/python3
"""Keeps the floor plan: what the product's sources include is drawn as a graph, and must agree with what the folders'
meson.build files declare.

    tests/rooms.py [--draw] [SOURCE]        # SOURCE: a checkout, this one by default

Prints each fault as file:line and exits with 1 if there is one:

- an #include of a header in a folder that the includer's folder does not declare, directly or by way of one it declares;
- a folder with sources and without a meson.build, or a meson.build that takes sources of another folder: which library they
  belong to, and so what they may include, would not be seen from where they lie;
- an #include from control/ of a header of dataplane/ elsewhere than in the one folder that may: control knows the dataplane
  by the FIB alone, and the FIB by what that folder makes of it;
- a circle of folders;
- a circle of files, where NAME.c and NAME.h count as one. What leads through the private header of a class that is
  spread over several files does not count: those are listed below, each with its reason;
- a private header, NAME_private.h, that is not listed, or that another folder includes;
- two headers of one name: which one is included would depend on the order of -I;
- two structs, unions or enums of one tag: a reader, and a search, would take one for the other.

--draw prints the folders, lowest first, with their arrows."""

import argparse
import re
import sys
from pathlib import Path

# Classes of several files: who includes such a header belongs to the class, and sees all of it.
CLASSES = {
    "control/rib/rib_private.h": "a RIB and its update groups: what changes a path marks the groups' queues in the same step",
}

# The folder of control/ that includes headers of dataplane/.
JOINS_DATAPLANE = Path("control/forward")

TOPS = ("config", "control", "dataplane", "tools")

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
TAG = re.compile(r"\b(struct|union|enum)\s+(?:__rte_\w+\s+)?(\w+)\s*\{")
COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def call(text, start):
    """The arguments of the call whose opening parenthesis is at or after `start`."""
    begin = text.index("(", start)
    depth = 0
    for at in range(begin, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return text[begin + 1:at]
    raise ValueError("a parenthesis is not closed")


class House:
    """Folders that are libraries, their sources, and the arrows that their meson.build files declare."""

    def __init__(self, source):
        self.source = source
        self.declared = {}  # folder -> folders
        self.folder_of = {}  # name of a dependency -> folder
        texts = {}  # folder -> its meson.build, without comments
        for top in TOPS:
            for path in sorted((source / top).rglob("meson.build")):
                texts[path.parent.relative_to(source)] = re.sub(r"#.*", "", path.read_text())
        for folder, text in texts.items():
            for name in re.findall(r"(?m)^(\w+_dep) = declare_dependency\(link_with:", text):
                self.folder_of[name] = folder
        for folder, text in texts.items():
            lists = {name: value for name, value in re.findall(r"(?m)^(\w+) = (\[[^\]]*\])", text)}
            names = set()
            for made in re.finditer(r"\b(?:static_library|executable|declare_dependency)\b", text):
                for words in re.findall(r"dependencies:\s*(\[[^\]]*\]|\w+)", call(text, made.start())):
                    names |= set(re.findall(r"\w+", lists.get(words, words)))
            self.declared[folder] = {self.folder_of[name] for name in names if name in self.folder_of} - {folder}
        self.files = sorted(path.relative_to(source) for top in TOPS for path in (source / top).rglob("*.[ch]"))
        self.taken = [(folder, name) for folder, text in texts.items() for name in re.findall(r"'([^']*/[^']*\.c)'", text)]
        self.headers = {}
        self.twins = []
        for path in self.files:
            if path.suffix == ".h":
                if path.name in self.headers:
                    self.twins.append((path, self.headers[path.name]))
                self.headers[path.name] = path
        self.includes = [(path, line, self.headers[found[1]])
                         for path in self.files
                         for line, text in enumerate((source / path).read_text().splitlines(), 1)
                         if (found := INCLUDE.match(text)) and found[1] in self.headers]

    def reach(self, folder):
        """The folder, and all that it may include."""
        seen, todo = set(), [folder]
        while todo:
            here = todo.pop()
            if here not in seen:
                seen.add(here)
                todo += self.declared.get(here, ())
        return seen


def circles(arrows):
    """Sets of nodes that reach each other, of more than one node (Tarjan, without recursion)."""
    index, low, stack, on, found = {}, {}, [], set(), []
    for root in arrows:
        if root in index:
            continue
        work = [(root, iter(sorted(arrows[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on.add(root)
        while work:
            node, rest = work[-1]
            for to in rest:
                if to not in index:
                    index[to] = low[to] = len(index)
                    stack.append(to)
                    on.add(to)
                    work.append((to, iter(sorted(arrows.get(to, ())))))
                    break
                if to in on:
                    low[node] = min(low[node], index[to])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    circle = set()
                    while node not in circle:
                        circle.add(stack.pop())
                    on -= circle
                    if len(circle) > 1:
                        found.append(circle)
    return found


def circles_of_files(house):
    arrows = {}
    for path, _, header in house.includes:
        here, there = path.with_suffix(""), header.with_suffix("")
        arrows.setdefault(here, set())
        if here != there and str(path) not in CLASSES:
            arrows[here].add(there)
    return circles(arrows)


def twin_tags(house):
    """Places that define a tag which another place has defined, in the order of the files."""
    first = {}
    for path in house.files:
        text = COMMENT_OR_TEXT.sub(lambda found: "\n" * found[0].count("\n"), (house.source / path).read_text())
        for found in TAG.finditer(text):
            place = f"{path}:{text.count(chr(10), 0, found.start()) + 1}"
            if found[2] in first:
                yield f"{place}: {found[1]} {found[2]} has the tag of {first[found[2]]}"
            else:
                first[found[2]] = place


def faults(house):
    for path, other in house.twins:
        yield f"{path}:1: has the name of {other}"
    for header in CLASSES:
        if (house.source / header).parent.exists() and not (house.source / header).exists():
            yield f"{header}:1: does not exist, but tests/rooms.py lists it"
    for path in house.files:
        if path.name.endswith("_private.h") and str(path) not in CLASSES:
            yield f"{path}:1: is the private header of no class that tests/rooms.py lists"
    yield from twin_tags(house)
    for path, line, header in house.includes:
        if header.parent not in house.reach(path.parent):
            yield f"{path}:{line}: includes {header}, but {path.parent}/meson.build does not declare {header.parent}"
        if str(header) in CLASSES and path.parent != header.parent:
            yield f"{path}:{line}: includes {header}, which is private to {header.parent}"
        if path.parts[0] == "control" and header.parts[0] == "dataplane" and path.parent != JOINS_DATAPLANE:
            yield f"{path}:{line}: includes {header}, which {JOINS_DATAPLANE} alone may"
    for folder in sorted({path.parent for path in house.files} - set(house.declared)):
        yield f"{folder}/meson.build:1: does not exist"
    for folder, name in house.taken:
        yield f"{folder}/meson.build:1: takes {name} of another folder"
    rooms = {folder: set(to) for folder, to in house.declared.items()}
    for path, _, header in house.includes:
        if path.parent != header.parent:
            rooms.setdefault(path.parent, set()).add(header.parent)
    for circle in circles(rooms):
        yield f"{min(circle)}/meson.build:1: a circle of folders: {', '.join(map(str, sorted(circle)))}"
    for circle in circles_of_files(house):
        yield f"{min(circle)}.h:1: a circle of files: {', '.join(map(str, sorted(circle)))}"


def draw(house):
    used = {folder: {header.parent for path, _, header in house.includes if path.parent == folder} - {folder}
            for folder in house.declared}
    left = dict(used)
    while left:
        ready = [folder for folder, to in left.items() if not to & set(left)] or list(left)
        for folder in sorted(ready):
            nb = len([path for path in house.files if path.parent == folder])
            print(f"{folder} ({nb} files) > {', '.join(map(str, sorted(used[folder]))) or '-'}")
            del left[folder]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--draw", action="store_true", help="print the folders and their arrows")
    options = parser.parse_args()
    house = House(options.source)
    if options.draw:
        draw(house)
    found = list(faults(house))
    for fault in found:
        print(fault)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
