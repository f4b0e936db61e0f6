"""tests/package: what tools/package makes, and what becomes of it on a host."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "interop")]

NAMES = ("bascule", "bascule-tools", "bascule-dbgsym")


class Packages:
    def __init__(self, folder):
        self.folder = folder

    def make(self):
        """tools/package. The product is built once, in the folder that it takes by itself."""
        done = subprocess.run([SOURCE / "tools" / "package", self.folder], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return self

    def path(self, name):
        """The file of a package."""
        found, = self.folder.glob(f"{name}_*.deb")
        return found

    def field(self, name, field):
        return subprocess.check_output(["dpkg-deb", "--field", self.path(name), field], text=True).strip()

    def files(self, name):
        """{path: (mode and kind, owner)} of what is no folder."""
        lines = subprocess.check_output(["dpkg-deb", "--contents", self.path(name)], text=True).splitlines()
        rows = [line.split(maxsplit=5) for line in lines]
        return {row[5].split(" -> ")[0].removeprefix("."): (row[0], row[1]) for row in rows if not row[5].endswith("/")}

    def unpack(self, name, folder):
        subprocess.run(["dpkg-deb", "--extract", self.path(name), folder], check=True)
        return folder


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    return Packages(tmp_path_factory.mktemp("packages")).make()


@pytest.fixture(scope="session")
def unpacked(packages, tmp_path_factory):
    """The files of package bascule as they lie on a host."""
    return packages.unpack("bascule", tmp_path_factory.mktemp("unpacked"))


@pytest.fixture(scope="session")
def unpacked_tools(packages, tmp_path_factory):
    return packages.unpack("bascule-tools", tmp_path_factory.mktemp("tools"))
