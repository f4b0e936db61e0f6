"""A laboratory: network namespaces joined by LANs, processes inside them, and nothing left afterwards.

    with Lab() as lab:
        lan = lab.lan("office")
        a, b = lab.namespace("a"), lab.namespace("b")
        a.join(lan, "eth0", "192.0.2.1/24")
        b.join(lan, "eth0", "192.0.2.2/24")
        a.run("ping", "-c1", "192.0.2.2")

A LAN is a bridge in a namespace of its own (the fabric), so nothing shows up in the host's network. Every name carries
the lab's id, so that labs coexist. A reaper process outlives the runner, however that ends, and removes what is left:
processes, namespaces, files, hugepage files. What even the reaper could not remove (both were killed) goes when the
next lab starts.

Nobody sleeps for a fixed time here: wait_for() polls for an event, and its time limit only bounds a failure.
"""

import contextlib
import ctypes
import fcntl
import glob
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from families import V4, V6, Told, link_local, twin

ROOT = Path("/run/bascule-lab")  # a directory a lab; its file "lock" is held by the runner
NETNS = Path("/run/netns")
PREFIX = "b"
OURS = ("-control", "-dataplane")  # ends of the names of our processes' logs
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """Something in the laboratory itself did not work."""


def wait_for(predicate, what, seconds=30.0):
    """Poll until `predicate()` returns something true, and return that. LabError names `what` never came."""
    deadline = time.monotonic() + seconds
    pause = 0.005
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not within {seconds:g} s; last seen: {value!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def _command(*words, check=True, timeout=30, stdin=None):
    done = subprocess.run([str(word) for word in words], input=stdin, capture_output=True, text=True,
                          timeout=timeout, errors="replace")
    if check and done.returncode:
        raise LabError(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Process:
    """A process in a namespace; its output goes to a file. It dies with the runner."""

    seen_as = Told

    def __init__(self, namespace, name, words, env=None, cwd=None):
        self.name = name
        self.words = [str(word) for word in words]
        self.log_path = namespace.lab.dir / f"{namespace.name}-{name}.log"
        with open(self.log_path, "ab") as log:
            self._popen = subprocess.Popen(namespace.enter("setpriv", "--pdeathsig", "KILL", *self.words),
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd,
                                           env={**os.environ, **(env or {})}, start_new_session=True)
        # Who cleans up finds processes by their namespace: this one is not started before it is there.
        wait_for(lambda: not self.alive or self._is_in(namespace), f"{name} in {namespace.name}")

    def _is_in(self, namespace):
        try:
            return os.stat(f"/proc/{self.pid}/ns/net").st_ino == os.stat(namespace.path).st_ino
        except OSError:
            return False

    @property
    def pid(self):
        return self._popen.pid

    @property
    def alive(self):
        return self._popen.poll() is None

    @property
    def exit_code(self):
        """None while it runs; negative: the signal that ended it."""
        return self._popen.poll()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def ready(self, predicate, what, seconds=30):
        """wait_for(predicate), but give up at once if the process ends, and show what it said."""
        def check():
            if not self.alive:
                raise LabError(f"{self.name} ended ({self.exit_code}) before {what}:\n{self.log()[-2000:]}")
            return predicate()

        return wait_for(check, f"{self.name}: {what}", seconds)

    def send_signal(self, number):
        self._popen.send_signal(number)

    def wait(self, seconds=30):
        return self._popen.wait(seconds)

    def stop(self, seconds=10):
        """SIGTERM, then wait for the end. Returns the exit code; LabError if it did not end in time."""
        if self.alive:
            self._popen.terminate()
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise LabError(f"{self.name} ignored SIGTERM for {seconds} s:\n{self.log()[-2000:]}") from None

    def kill(self):
        """SIGKILL to it and to the children that share its process group."""
        if self.alive:
            os.killpg(self.pid, signal.SIGKILL)
        return self._popen.wait()


class Lan:
    """A bridge in the fabric namespace. Ports come with Namespace.join()."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.nb_ports = 0
        lab.fabric.ip("link", "add", name, "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        lab.fabric.ip("link", "set", name, "up")

    def pass_lacp(self):
        """Between the ports that it has now: a bridge keeps what is for bridges, but is told otherwise."""
        ports = json.loads(self.lab.fabric.run("ip", "-json", "link", "show", "master", self.name).stdout)
        for port in ports:
            self.lab.fabric.ip("link", "set", port["ifname"], "type", "bridge_slave", "group_fwd_mask", 1 << 2)


class Namespace:
    """A network namespace: a host or a router of the laboratory. In one of both families whatever gets an address or a route
    of IPv4 here gets its twin as well."""

    seen_as = Told
    family = V4  # of the addresses that it is told; Told has its own

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.full_name = f"{lab.id}-{name}"
        self.path = NETNS / self.full_name
        self.wires = {}  # our interface: the name of its other end, in the fabric
        _command("ip", "netns", "add", self.full_name)
        # No IPv6 chatter but where it is asked for, no reverse path filter (paths are asymmetric on purpose), flows spread by port.
        self.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1",
                 "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
                 "net.ipv4.fib_multipath_hash_policy=1", "net.ipv4.ping_group_range=0 2147483647")
        self.ip("link", "set", "lo", "up")

    def enter(self, *words):
        """The command line that runs `words` in this namespace."""
        return ["nsenter", f"--net={self.path}", "--", *map(str, words)]

    def run(self, *words, check=True, timeout=30, stdin=None):
        """Run to the end. Returns a CompletedProcess with text; LabError on a non-zero exit unless check=False."""
        return _command(*self.enter(*words), check=check, timeout=timeout, stdin=stdin)

    def start(self, name, *words, env=None, cwd=None):
        """Start in the background; `name` names its log file."""
        process = Process(self, name, words, env, cwd)
        self.lab.processes.append(process)
        return process

    def ip(self, *words):
        return self.run("ip", *words)

    def forward(self):
        """Be a router."""
        self.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")

    def ip6(self, interface):
        """Have IPv6 on an interface. Its addresses are there at once: nobody else in a lab has them."""
        self.run("sysctl", "-qw", *(f"net.ipv6.conf.{interface}.{setting}" for setting in (
            "accept_dad=0", "dad_transmits=0", "accept_ra=0", "router_solicitations=0", "disable_ipv6=0")))

    def join(self, lan, interface, *addresses, mtu=1500):
        """A veth pair: `interface` here, a bridge port there. Offloads are off on both ends, because what leaves
        through a raw socket must carry finished checksums and true sizes. With an address of IPv6 it has IPv6, in a lab of
        both families also the link-local twin of its first address."""
        lan.nb_ports += 1
        far = f"{lan.name}.{lan.nb_ports}"
        fabric = lan.lab.fabric
        _command("ip", "link", "add", interface, "mtu", mtu, "netns", self.full_name, "type", "veth",
                 "peer", "name", far, "mtu", mtu, "netns", fabric.full_name)
        for end, name in ((self, interface), (fabric, far)):
            end.run("ethtool", "-K", name, *"tx off rx off gro off tso off gso off".split(), check=False)
        fabric.ip("link", "set", far, "master", lan.name, "up")
        addresses = self._of_both(addresses)
        if any(":" in address for address in addresses):
            self.ip6(interface)
        if self.lab.both and addresses:
            self.ip("link", "set", interface, "addrgenmode", "none")
            addresses.append(f"{link_local(addresses[0])}/64")
        for address in addresses:
            self.ip("address", "add", address, "dev", interface)
        self.ip("link", "set", interface, "up")
        self.wires[interface] = far

    def link(self, interface, up):
        """Pull the plug of an interface, or put it back: its carrier goes with the other end."""
        self.lab.fabric.ip("link", "set", self.wires[interface], "up" if up else "down")

    def keep_kernel_off(self, interface):
        """Leave the interface's frames to raw sockets alone. Otherwise this namespace's kernel answers them too, as it
        knows the addresses from Bascule's LCP interfaces. A bridge that is down takes every frame and drops it, but
        only after raw sockets have seen it."""
        self.run("ip", "link", "add", "hole", "type", "bridge", check=False)  # one serves all interfaces
        self.ip("link", "set", interface, "master", "hole")

    def address(self, interface, *addresses):
        """One more, or more, of an interface that has joined."""
        for address in self._of_both(addresses):
            self.ip("address", "replace", address, "dev", interface)

    def _of_both(self, addresses):
        """Each with its twin, in a lab of both families."""
        twins = [twin(address) for address in addresses] if self.lab.both else []
        return [*addresses, *(address for address in twins if address not in addresses)]

    def host_address(self, address):
        """Be `address`, on no wire: a host that lives in its router."""
        for address in self._of_both([address]):
            if ":" in address:
                self.ip6("lo")
            self.ip("address", "replace", f"{address}/{128 if ':' in address else 32}", "dev", "lo")

    def route(self, prefix, via):
        self._routes(prefix, "via", via)

    def on_link(self, address, interface):
        self._routes(address, "dev", interface)

    def _routes(self, *words):
        """This one, and its twin's if there is any in a lab of both families."""
        for each in dict.fromkeys((words, V6.say(words) if self.lab.both else words)):
            self.ip("route", "replace", *each)

    def forget_mtus(self):
        """Of paths, which routers have told."""
        for family in (4, 6):
            self.ip(f"-{family}", "route", "flush", "cache")

    def socket(self, *args):
        """A socket of this namespace for our own process: socket.socket(*args), made by a thread that went there."""
        made = []

        def make():
            with open(self.path, "rb") as ns:
                if _libc.setns(ns.fileno(), CLONE_NEWNET):
                    made.append(OSError(ctypes.get_errno(), f"setns {self.path}"))
                    return
            try:
                made.append(socket.socket(*args))
            except OSError as error:
                made.append(error)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

    def ping(self, address, source=None, count=1, seconds=1):
        """Does `address` answer?"""
        words = ["ping", "-n", "-q", "-c", count, "-i", "0.05", "-W", seconds]
        return self.run(*words, *(["-I", source] if source else []), address, check=False).returncode == 0

    def mac(self, interface):
        return json.loads(self.run("ip", "-json", "link", "show", interface).stdout)[0]["address"]


class Lab:
    """Everything that one run builds. `keep_logs`: a directory that gets the log files when the lab closes; `both`: every
    address has its twin of IPv6 (families.py)."""

    def __init__(self, keep_logs=None, both=False):
        self.id = lab_id(os.getpid(), next(_letters))
        self.keep_logs, self.both = keep_logs, both
        self.dir = ROOT / self.id
        with _roots_lock():
            _clean_dead_labs()
            self.dir.mkdir()
            self.dir.chmod(0o755)  # daemons that drop their privileges read here
            self._lock = open(self.dir / "lock", "w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.processes = []
        self.namespaces = {}
        self.lans = {}
        self._reaper = subprocess.Popen([sys.executable, os.path.abspath(__file__), self.id], stdin=subprocess.PIPE,
                                        start_new_session=True)
        try:
            self.fabric = self.namespace("fabric")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def namespace(self, name, forward=False):
        self.namespaces[name] = Namespace(self, name)
        if forward:
            self.namespaces[name].forward()
        return self.namespaces[name]

    def lan(self, name):
        self.lans[name] = Lan(self, name)
        return self.lans[name]

    def _refusals(self):
        """System calls that a filter has refused to a process of ours: what it does is more than it is meant to."""
        return [line for path in self.dir.glob("*.log") if path.stem.endswith(OURS) for line in path.read_text(errors="replace").splitlines()
                if "the system call" in line and "was refused" in line]

    def close(self):
        refusals = self._refusals()
        if self.keep_logs:
            Path(self.keep_logs).mkdir(parents=True, exist_ok=True)
            for path in self.dir.glob("*.log"):
                shutil.copy(path, self.keep_logs)
        clean(self.id)
        for process in self.processes:
            process.kill()  # nobody left, but one that was interrupted on its way to its namespace
        self._lock.close()
        self._reaper.stdin.close()
        self._reaper.wait()
        if refusals:
            raise LabError("\n".join(refusals))


def named_lab(name, both=False):
    """A Lab whose logs stay in BASCULE_LOGS/NAME if that is set."""
    logs = os.environ.get("BASCULE_LOGS")
    return Lab(keep_logs=Path(logs) / name if logs else None, both=both)


_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_letters = itertools.chain(_LETTERS, map("".join, itertools.product(_LETTERS, repeat=2)))  # tell a process's labs apart


def lab_id(pid, letters="a"):
    """What names all of a lab: the process that has it, and which of its labs it is."""
    return f"{PREFIX}{_base36(pid)}{letters}"


@contextlib.contextmanager
def _roots_lock():
    """One lab at a time looks for dead ones and announces itself."""
    ROOT.mkdir(parents=True, exist_ok=True)
    directory = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _base36(number):
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


# --- nothing left afterwards ------------------------------------------------------------------------------------------

def _pids_in(namespaces):
    """Processes whose network namespace is one of these files. The runner itself never is."""
    inodes = set()
    for path in namespaces:
        try:
            inodes.add(os.stat(path).st_ino)
        except OSError:
            pass
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if os.stat(f"/proc/{entry}/ns/net").st_ino in inodes:
                yield int(entry)
        except OSError:
            pass


def clean(lab_id):
    """End every process of a lab and remove its namespaces and files. Harmless if there is nothing."""
    namespaces = list(NETNS.glob(f"{lab_id}-*"))

    def kill():
        pids = list(_pids_in(namespaces))
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return not [pid for pid in pids if not _zombie(pid)]

    wait_for(kill, f"end of the processes of {lab_id}")
    for path in namespaces:
        _command("ip", "netns", "del", path.name, check=False)
    instance = instance_name(lab_id, "")
    for pattern in (f"/run/bascule/{instance}?", f"/var/lib/bascule/{instance}?",
                    f"{_hugetlbfs()}/bascule-{instance}?map_*", f"{_hugetlbfs()}/bascule/bascule-{instance}?map_*",
                    str(ROOT / lab_id)):
        for path in glob.glob(pattern):
            if os.path.isdir(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                Path(path).unlink(missing_ok=True)


def _hugetlbfs():
    for line in Path("/proc/mounts").read_text().splitlines():
        _, directory, kind, *_ = line.split()
        if kind == "hugetlbfs":
            return directory
    return "/dev/hugepages"


def _zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def instance_name(lab_id, letter):
    """The name of a Bascule instance of this lab: short, because LCP interfaces are called NAME-PORT (15 octets)."""
    return f"{lab_id}{letter}"


def _clean_dead_labs():
    """Remove labs whose runner and reaper are both gone: nobody holds their lock."""
    for directory in ROOT.glob(f"{PREFIX}*"):
        try:
            with open(directory / "lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                clean(directory.name)
        except OSError:
            continue


def _reap(lab_id):
    """The reaper: wait until the runner has gone (its end of our stdin closes), then clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.read()
    clean(lab_id)


if __name__ == "__main__":
    _reap(sys.argv[1])
