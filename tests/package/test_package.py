"""The packages as files: what is in them, and what Debian's own tools say of them."""

import gzip
import hashlib
import re
import subprocess

import pytest

from conftest import NAMES, SOURCE, Packages

UNITS = {"bascule-control@.service": 2.5, "bascule-dataplane@.service": 4.0}  # exposure that each may have at most
PAGES = ("man8/bascule.8", "man8/bascule-control.8", "man8/bascule-dataplane.8", "man5/bascule.conf.5")
TOOLS_PAGE = "man1/bascule-bgpload.1"

FILES = {
    "bascule": {
        "/etc/bascule/azure.conf", "/etc/bascule/minimal.conf",
        "/usr/bin/bascule", "/usr/bin/bascule-control", "/usr/bin/bascule-dataplane",
        "/usr/lib/sysctl.d/60-bascule.conf", "/usr/lib/sysusers.d/bascule.conf", "/usr/lib/tmpfiles.d/bascule.conf",
        "/usr/lib/udev/rules.d/60-bascule.rules",
        "/usr/share/bash-completion/completions/bascule",
        "/usr/share/doc/bascule/changelog.gz", "/usr/share/doc/bascule/copyright",
        "/usr/share/doc/bascule/examples/lab.conf",
        *(f"/usr/lib/systemd/system/{unit}" for unit in UNITS),
        *(f"/usr/share/man/{page}.gz" for page in PAGES),
    },
    "bascule-tools": {
        "/usr/bin/bascule-bgpload", f"/usr/share/man/{TOOLS_PAGE}.gz",
        *(f"/usr/share/bascule/pktgen/{path.name}" for path in (SOURCE / "tools" / "pktgen").iterdir() if path.is_file()),
        "/usr/share/doc/bascule-tools/changelog.gz", "/usr/share/doc/bascule-tools/copyright",
    },
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_in_it(packages, name):
    files = packages.files(name)
    assert set(files) == FILES[name]
    for path, (mode, owner) in files.items():
        want = "-rwxr-xr-x" if path.startswith("/usr/bin/") else "-rw-r-----" if path.startswith("/etc/") else "-rw-r--r--"
        assert (mode, owner) == (want, "root/root"), path


def test_each_program_has_its_symbols_in_the_third(packages, unpacked):
    debug = [path for path in packages.files("bascule-dbgsym") if path.endswith(".debug")]
    notes = subprocess.check_output(["readelf", "-n", *(unpacked / "usr/bin").iterdir()], text=True)
    ids = re.findall(r"Build ID: (\w+)", notes)
    assert len(ids) == 3 and len(debug) == 4  # and bascule-bgpload's
    assert {f"/usr/lib/debug/.build-id/{i[:2]}/{i[2:]}.debug" for i in ids} < set(debug)


def test_the_version_is_the_commits(packages):
    commit = subprocess.check_output(["git", "-C", SOURCE, "rev-parse", "--short=7", "HEAD"], text=True).strip()
    versions = {packages.field(name, "Version") for name in NAMES}
    assert len(versions) == 1
    assert re.fullmatch(rf"\d+\.\d+\.\d+(\+git\d{{8}}T\d{{6}}\.{commit})?(\+dirty)?", versions.pop())


def test_each_program_says_the_version_of_its_package(packages, unpacked):
    version = packages.field("bascule", "Version")
    for program in (unpacked / "usr/bin").iterdir():
        assert subprocess.check_output([program, "--version"], text=True) == f"{program.name} {version}\n"


def test_it_names_what_it_cannot_do_without(packages):
    """Libraries by dpkg-shlibdeps, and the drivers that no program is linked with."""
    depends = packages.field("bascule", "Depends")
    for package in ("libc6", "libconfig", "libjansson", "libmnl", "libsystemd", "librte-eal", "librte-lpm",
                    "librte-mempool-ring", "librte-bus-vdev", "librte-bus-pci", "librte-net-af-packet"):
        assert re.search(rf"(^|, ){package}[0-9]* ?(\(|,|$)", depends), (package, depends)
    assert "@" not in depends


def test_the_same_commit_makes_the_same_octets(packages, tmp_path):
    again = Packages(tmp_path).make()
    for name in NAMES:
        assert hashlib.sha256(packages.path(name).read_bytes()).digest() == \
            hashlib.sha256(again.path(name).read_bytes()).digest(), name


def test_lintian_finds_no_error(packages):
    done = subprocess.run(["lintian", "--fail-on", "error", *(packages.path(name) for name in NAMES)], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("unit, most", UNITS.items())
def test_units_expose_little(unpacked, unit, most):
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={int(most * 10)}",
                           unpacked / "usr/lib/systemd/system" / unit], capture_output=True, text=True, check=False)
    assert "Overall exposure level" in done.stdout and done.returncode == 0, done.stdout[-300:] + done.stderr


def test_units_have_no_mistake(unpacked):
    """As systemd reads them: unknown settings, ill-formed values. Only the programs are not where they would be."""
    folder = unpacked / "usr/lib/systemd/system"
    done = subprocess.run(["systemd-analyze", "verify", "--man=false", *(folder / unit.replace("@", "@rs0") for unit in UNITS)],
                          capture_output=True, text=True, check=False, env={"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin"})
    assert [line for line in done.stderr.splitlines() if "bascule" in line and "is not executable" not in line] == []


@pytest.mark.parametrize("page", [*PAGES, TOOLS_PAGE])
def test_manual_pages_are_shown_without_a_warning(unpacked, unpacked_tools, page):
    folder = unpacked_tools if page == TOOLS_PAGE else unpacked
    text = gzip.decompress((folder / "usr/share/man" / f"{page}.gz").read_bytes())
    done = subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-P-c"], input=text, capture_output=True, check=False)
    assert done.returncode == 0 and done.stderr == b"" and len(done.stdout) > 1000


def test_the_reference_has_every_setting(unpacked):
    """azure.conf shows every setting: its names are those of the page."""
    page = gzip.decompress((unpacked / "usr/share/man/man5/bascule.conf.5.gz").read_bytes()).decode()
    page = re.sub(r"\\f[BR]", " ", page.replace("\\-", "-")).lower()  # headings are in capitals
    names = set(re.findall(r"(?m)^[\s({]*#? ?([a-z_0-9]+) = ", (unpacked / "etc/bascule/azure.conf").read_text()))
    assert len(names) > 40 and not [name for name in names if not re.search(rf"\b{name}\b", page)]


def test_a_reference_that_cannot_be_read_is_named(tmp_path):
    manual = SOURCE / "config/deploy/manual"
    for fault, said in (("| a | b |\n|---|---|\n| one cell |\n", "1 cells instead of 2"), ("a `mark\n", "is not closed"),
                        ("    indented\n", "README.md:5: no paragraph"), ("```\nfor ever\n", "has no end")):
        page = tmp_path / "README.md"
        page.write_text(f"# Configuration\n\nIt is.\n\n{fault}")
        done = subprocess.run([manual, "--version", "1", "reference", page], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and said in done.stderr, (fault, done.stderr)


def test_completion_completes(unpacked):
    script = f"""source {unpacked}/usr/share/bash-completion/completions/bascule
        COMP_WORDS=(bascule exchange ''); COMP_CWORD=2; _bascule; echo "${{COMPREPLY[@]}}" """
    words = subprocess.check_output(["bash", "-c", script], text=True).split()
    assert {"enable", "disable", "plan"} == set(words)


def test_samples_are_good(unpacked):
    for sample in (unpacked / "etc/bascule").iterdir():
        subprocess.run([unpacked / "usr/bin/bascule", "config", "check", sample], check=True, capture_output=True)
