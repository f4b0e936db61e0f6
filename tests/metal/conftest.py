"""tests/metal: the package on a computer of its own, with PCI NICs behind an IOMMU, between FRR and BIRD.

    er    FRR  10.0.255.36 ┐
    er2   BIRD 10.0.255.37 ┴─ e1000e ───── er0   ┐
    vpn   BIRD 10.0.255.4  ┐                     │
    vpn2  BIRD 10.0.255.5  ┴─ virtio-net ─ vpn0  ┤ guest
    vnet  host 10.0.1.10   ── vmxnet3 ──── vnet0 ┘

QEMU plays the computer in software; each NIC is a TAP on a LAN of the laboratory (tests/interop/lab.py), whose reaper ends QEMU
too, however the runner ends. Nothing of ours is in the guest's image: a medium brings the packages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "interop")]

import image  # noqa: E402
from daemons import Bird, Frr, Neighbor  # noqa: E402
from guest import Guest, Nic  # noqa: E402
from lab import Lab  # noqa: E402
from tagger import CUSTOMER, SERVICE, Tagger  # noqa: E402
from watch import Watch  # noqa: E402

FOLDER = SOURCE / "build-metal"
ASN = 65515
MEMORY_MB = 2048
# As the page on a bare-metal host says, with pages for one instance; then what makes a kernel fast that QEMU plays: a clock that
# it may read, no test of a timer which fails where the host is busy, and less to do for the sake of a CPU that there is not. And
# timers that tick, in which nothing sleeps shorter: one that is set anew for each event, and whose interrupt QEMU loses, is the
# last of its CPU.
PARAMETERS = ("hugepages=550 intel_iommu=on iommu=pt "
              "nohz=off highres=off tsc=reliable no_timer_check mitigations=off init_on_alloc=0 nowatchdog loglevel=4 "
              "systemd.show_status=no")

ERGW, VPNGW, VNET_HOST = ("10.0.255.36", "10.0.255.37"), ("10.0.255.4", "10.0.255.5"), "10.0.1.10"
US = {"er": "10.0.255.33", "vpn": "10.0.255.1", "vnet": "10.0.1.4"}
SITE = {"er": "10.20.0.0/16", "vpn": "10.10.0.0/16"}
TAGS = {"er": [(SERVICE, 200), (CUSTOMER, 100)], "vpn": [(CUSTOMER, 300)], "vnet": [(CUSTOMER, 400)]}
SITE_HOST = {"er": "10.20.0.10", "vpn": "10.10.0.10"}


def another_layout(program):
    """As if the tables that it shares were laid out in another way: the number that stands for that is another one."""
    number = int(subprocess.check_output([program, "--layout"], text=True), 16)
    code = program.read_bytes()
    assert number.to_bytes(8, "little") in code
    program.write_bytes(code.replace(number.to_bytes(8, "little"), (number + (1 << 32)).to_bytes(8, "little")))


def next_version(package, folder, name, change=lambda program: None):
    """The same package, with changed programs, as a later version: what apt upgrades to."""
    tree = folder / "next"
    subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
    control = tree / "DEBIAN" / "control"
    version = subprocess.check_output(["dpkg-deb", "--field", package, "Version"], text=True).strip() + f".{name}"
    control.write_text("".join(f"Version: {version}\n" if line.startswith("Version:") else line
                               for line in control.read_text().splitlines(keepends=True)))
    for process in ("control", "dataplane"):
        change(tree / "usr/bin" / f"bascule-{process}")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", tree, folder / "packages" / f"{name}.deb"], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return version


class Metal:
    """The guest, and what it stands between."""

    def __init__(self, lab, package, disk, kernel):
        self.lab = lab
        medium = lab.dir / "packages"
        medium.mkdir()
        shutil.copy(package, medium)
        self.next_version = next_version(package, lab.dir, "next")
        self.other_version = next_version(package, lab.dir, "other", another_layout)
        subprocess.run(["mke2fs", "-q", "-t", "ext2", "-d", medium, lab.dir / "medium.ext2", "16M"], check=True)
        subprocess.run(["cp", "--sparse=always", disk, lab.dir / "disk.ext4"], check=True)
        self.nics = {name: Nic(kind, number, lab.lan(name)) for number, (name, kind) in
                     enumerate({"er": "e1000e", "vpn": "virtio-net-pci", "vnet": "vmxnet3"}.items(), 1)}
        self.er, self.vpn, self.vnet = (self._host(name, address) for name, address in
                                        (("er", f"{ERGW[0]}/28"), ("vpn", f"{VPNGW[0]}/28"), ("vnet", f"{VNET_HOST}/26")))
        self.vnet.route("default", US["vnet"])
        self.ergw = Frr(self.er, ASN, ERGW[0], [Neighbor(US["er"], ASN, next_hop_self=True)], [SITE["er"]])
        self.vpngw = Bird(self.vpn, ASN, VPNGW[0], [Neighbor(US["vpn"], ASN, next_hop_self=True)], [SITE["vpn"]])
        self.others = [self._other_gateway("er", ERGW[1]), self._other_gateway("vpn", VPNGW[1])]
        self.guest = Guest(lab, lab.dir / "disk.ext4", lab.dir / "medium.ext2", kernel, list(self.nics.values()), MEMORY_MB,
                           PARAMETERS)

    def _host(self, name, address):
        host = self.lab.namespace(name)
        host.join(self.lab.lans[name], "eth0", address)
        if name in SITE_HOST:
            host.host_address(SITE_HOST[name])
        return host

    def _other_gateway(self, name, address):
        """A gateway's second instance, which has nothing to say."""
        host = self.lab.namespace(f"{name}2")
        host.join(self.lab.lans[name], "eth0", f"{address}/28")
        return Bird(host, ASN, address, [Neighbor(US[name], ASN)])

    def put_switches_between(self):
        """Each NIC at a trunk from now on, by which its LAN's frames come with their tags."""
        for name, tags in TAGS.items():
            trunk = f"{name}-trunk"
            Tagger(self.lab, trunk, {name: tags}).start()
            self.nics[name].plug(self.lab.lans[trunk])

    def start(self):
        for gateway in (self.ergw, self.vpngw, *self.others):
            gateway.start()
        self.guest.power_on()

    def sessions(self):
        return all(gateway.session(gateway.neighbors[0].address) for gateway in (self.ergw, self.vpngw, *self.others))

    def save_journal(self):
        if self.guest.process and self.guest.process.alive:
            for name, words in (("journal", ""), ("control", "--unit bascule-control@rs0")):  # whose refusals the laboratory reads
                said = self.guest.run(f"journalctl --no-pager {words}", check=False)
                (self.lab.dir / f"guest-{name}.log").write_text(said)


@pytest.fixture(scope="module")
def metal():
    """On, with nothing of ours but the medium with our packages: those that tools/test has made, or of what is there now."""
    folder = FOLDER / "packages"
    if "BASCULE_PACKAGED" not in os.environ:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([SOURCE / "tools" / "package", folder], check=True, stdout=subprocess.DEVNULL)
    package, = folder.glob("bascule_*.deb")
    disk, kernel = image.make(FOLDER, package)
    logs = os.environ.get("BASCULE_LOGS")
    with Lab(keep_logs=Path(logs) if logs else None) as lab:
        metal = Metal(lab, package, disk, kernel)
        with Watch(metal.guest.console_path) as watch:
            metal.start()
            yield metal
            if not watch.said:
                metal.save_journal()
