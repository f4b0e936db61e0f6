"""BGP speakers to load, each alone in a network namespace on one LAN with the load's addresses: they wait for their peers and
announce everything to everybody.

Bascule's TCP takes the whole way through a port (net_af_packet), the punt ring and the LCP interface; the others have the
kernel's. "null" is the load's own reflector, which decides nothing: what it takes is what the load and TCP take."""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

import bascule

ASN = 65515
NETWORK = "10.0.2"
FIRST_HOST, FIRST_ASN = 100, 65101
TICKS = os.sysconf("SC_CLK_TCK")


def bgpload():
    return bascule.BUILD / "tools" / "bgpload" / "bascule-bgpload"


@dataclass(frozen=True)
class Peer:
    number: int

    @property
    def name(self):
        return f"p{self.number}"

    @property
    def address(self):
        return f"{NETWORK}.{FIRST_HOST + self.number}"

    @property
    def asn(self):
        return FIRST_ASN + self.number


def peers(nb):
    return [Peer(number) for number in range(nb)]


class Speaker:
    """`host`: its address on the LAN. start() returns when it can be connected to."""

    host = 1

    def __init__(self, namespace, lan, nb_peers, lcores):
        self.namespace, self.peers, self.lcores = namespace, peers(nb_peers), list(lcores)
        self.address = f"{NETWORK}.{self.host}"
        self.folder = Path(namespace.lab.dir) / self.name
        self.folder.mkdir()
        self.processes = []  # whose CPU time and memory are its own
        self.start(lan)

    @property
    def name(self):
        return type(self).__name__.lower()

    def join(self, lan):
        self.namespace.join(lan, "eth0", f"{self.address}/24")

    def run(self, *words):
        self.processes.append(self.namespace.start(self.name, *words))
        return self.processes[-1]

    def _pids(self):
        """Theirs and their children's."""
        groups = {process.pid for process in self.processes}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                if int(stat.read_text().rpartition(")")[2].split()[2]) in groups:
                    yield int(stat.parent.name)
            except OSError:
                continue

    def cpu_s(self):
        """What they have used so far."""
        total = 0
        for pid in self._pids():
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(words[11]) + int(words[12])
        return total / TICKS

    def peak_mb(self):
        """The most memory that they have had."""
        total = 0
        for pid in self._pids():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    total += int(line.split()[1])
        return total / 1024


class Null(Speaker):
    def start(self, lan):
        self.join(lan)
        self.run(bgpload(), "--reflect", self.address, "--asn", ASN)


class BasculeSpeaker(Speaker):
    """Its figures are control's: the dataplane carries its TCP besides."""

    name = "bascule"

    def start(self, lan):
        self.namespace.join(lan, "nva0")
        self.namespace.keep_kernel_off("nva0")
        self.bascule = bascule.Bascule(self.namespace, "a", {
            "instance": {"asn": ASN, "router_id": self.address},
            "exchange": {"enabled": True, "nva_to_nva": "always"},
            "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900,
                          "ports": [{"name": "nva0", "role": "nva", "addresses": [f"{self.address}/24"]}]},
            # The same prefixes change all the time here: that is not to be held.
            "control": {"lcores": self.lcores, "flap_hold_s": 0},
            "peers": [{"name": peer.name, "address": peer.address, "asn": peer.asn, "passive": True}
                      for peer in self.peers],
        })
        self.bascule.start()
        self.processes.append(self.bascule.control)


class Lcp(BasculeSpeaker):
    """The reflector where Bascule's control would be: its TCP takes the way through the port and the LCP interface, and nothing is
    decided. The figures are the reflector's."""

    name = "lcp"

    def start(self, lan):
        super().start(lan)
        self.bascule.control.kill()  # once it has said who its peers are, whose segments then have their meter
        self.processes = []
        self.run_speaker()

    def run_speaker(self):
        self.run(bgpload(), "--reflect", self.address, "--asn", ASN)


class BasculeTwo(BasculeSpeaker):
    """With an lcore for sessions alone, which it shares with the dataplane's main one, beside the one that decides."""

    name = "bascule-2"

    def __init__(self, namespace, lan, nb_peers, lcores):
        super().__init__(namespace, lan, nb_peers, [*lcores, 0])


class Bird(Speaker):
    host = 2

    def start(self, lan):
        self.join(lan)
        self.run_bird()

    def run_bird(self):
        conf, control = self.folder / "bird.conf", self.folder / "bird.ctl"
        conf.write_text("\n".join([
            f"router id {self.address};", "protocol device {}", *(
                f"protocol bgp {peer.name} {{ local as {ASN}; neighbor {peer.address} as {peer.asn}; passive; direct;"
                f" ipv4 {{ import all; export all; next hop self; }}; }}" for peer in self.peers)]))
        self.run("bird", "-f", "-c", conf, "-s", control, "-P", self.folder / "pid").ready(control.exists, "control socket")


class BirdLcp(Lcp, Bird):
    """BIRD where Bascule's control would be: what its TCP takes, ours takes too."""

    name, host = "bird-lcp", 1

    def run_speaker(self):
        self.run_bird()


class Frr(Speaker):
    host = 3

    def start(self, lan):
        self.join(lan)
        conf = self.folder / "bgpd.conf"
        conf.write_text("\n".join([
            f"router bgp {ASN}", f" bgp router-id {self.address}", " no bgp ebgp-requires-policy",
            " no bgp network import-check", *(line for peer in self.peers for line in (
                f" neighbor {peer.address} remote-as {peer.asn}", f" neighbor {peer.address} passive",
                f" neighbor {peer.address} advertisement-interval 0")), ""]))
        for path in (self.folder, conf):
            shutil.chown(path, "frr", "frr")
        self.run("/usr/lib/frr/bgpd", "-Z", "-i", self.folder / "pid", "--vty_socket", self.folder, "-f", conf,
                 "--log", "stdout").ready((self.folder / "bgpd.vty").exists, "VTY")


class Openbgpd(Speaker):
    host = 4

    def start(self, lan):
        self.join(lan)
        # Its unprivileged halves live in a chroot that the package leaves to systemd to make.
        Path(pwd.getpwnam("_openbgpd").pw_dir).mkdir(mode=0o755, exist_ok=True)
        conf, control = self.folder / "bgpd.conf", self.folder / "bgpd.sock"
        conf.write_text("\n".join([
            f"AS {ASN}", f"router-id {self.address}", "fib-update no", f'socket "{control}"', *(
                f"neighbor {peer.address} {{ remote-as {peer.asn} passive announce IPv4 unicast }}"
                .replace(" { ", " {\n ").replace(" passive", "\n passive\n").replace(" }", "\n}") for peer in self.peers),
            "allow from any", "allow to any", ""]))
        conf.chmod(0o600)
        self.run("/usr/sbin/bgpd", "-d", "-f", conf).ready(control.exists, "control socket")


class Gobgp(Speaker):
    host = 5

    def start(self, lan):
        self.join(lan)
        conf = self.folder / "gobgpd.toml"
        lines = ["[global.config]", f"as = {ASN}", f'router-id = "{self.address}"']
        for peer in self.peers:
            lines += ["[[neighbors]]", "[neighbors.config]", f'neighbor-address = "{peer.address}"', f"peer-as = {peer.asn}",
                      "[neighbors.transport.config]", "passive-mode = true"]
        conf.write_text("\n".join(lines) + "\n")
        self.run("gobgpd", "-f", conf, "--api-hosts", "127.0.0.1:50051").ready(self._answers, "API")

    def _answers(self):
        return self.namespace.run("gobgp", "-j", "neighbor", check=False).returncode == 0


SPEAKERS = {"null": Null, "lcp": Lcp, "bascule": BasculeSpeaker, "bascule-2": BasculeTwo, "bird": Bird, "bird-lcp": BirdLcp, "frr": Frr,
            "openbgpd": Openbgpd, "gobgp": Gobgp}


def lan(lab, nb_peers):
    """Returns the LAN and the namespace that the peers are in."""
    made, load = lab.lan("lan"), lab.namespace("load")
    load.join(made, "eth0", *(f"{peer.address}/24" for peer in peers(nb_peers)))
    return made, load


def start(lab, made, name, nb_peers, lcores=(1,)):
    """A speaker on the LAN; `lcores`: of Bascule's control."""
    return SPEAKERS[name](lab.namespace(name), made, nb_peers, lcores)
