"""What moving the switch costs: the last transit packet after `exchange disable`, the first after `exchange enable`, and when all
peers have been told, with as many routes as there are.

NVAs announce prefixes to an instance whose exchange is on, until each has the others' (bgpload). A host behind a VPN port sends
numbered packets, a thousand flows of them, to a thousand of the prefixes; what arrives when is what the kernel says there
(sequence_bench). Then the switch is moved by the command line, off and on again, once a run. Times count from the start of the
command, whose own is there to be subtracted; "as the load" is what the same peers took to be told the same at the beginning."""

import contextlib
import json
import subprocess
import time
from array import array

import bascule as instance
import loss
import speakers
from bascule import Bascule
from children import Failed
from figures import progress
from lab import Lab, LabError, wait_for

PORT, HOST, US = "vpn0", "10.0.4.10", "10.0.4.1"
FLOWS = 1000
BEFORE_S = 0.5  # the packets go for so long before the command, and so long after it:
AFTER_S = {"disable": lambda routes: 2, "enable": lambda routes: 3 + routes / 1e5}
FIRST = 20 << 24  # of bgpload's prefixes, all of them /24
TOLD_S = 120


def config(peers):
    us = f"{speakers.NETWORK}.1"
    return {
        "instance": {"asn": speakers.ASN, "router_id": us},
        "exchange": {"enabled": True},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900, "ports": [
            {"name": "nva0", "role": "nva", "addresses": [f"{us}/24"], "device": loss.device(0, "nva0")},
            {"name": PORT, "role": "vpn", "addresses": [f"{US}/24"], "device": loss.device(1, PORT)}]},
        "control": {"lcores": [1], "flap_hold_s": 0},
        "peers": [{"name": peer.name, "address": peer.address, "asn": peer.asn, "passive": True} for peer in speakers.peers(peers)],
    }


class Laboratory:
    """An instance, its peers in one namespace, the host in another."""

    def __init__(self, lab, options):
        self.lab, self.options = lab, options
        self.rs = lab.namespace("rs")
        lan, self.nvas = speakers.lan(lab, options.peers)
        self.rs.join(lan, "nva0")
        self.rs.join(lab.lan(PORT), PORT)
        for name in ("nva0", PORT):
            self.rs.keep_kernel_off(name)
        self.host = lab.namespace("host")
        self.host.join(lab.lans[PORT], "vpn", f"{HOST}/24")
        self.bascule = Bascule(self.rs, "a", config(options.peers))
        self.bascule.start()
        self._destinations()

    def _destinations(self):
        """A thousand of the prefixes, from all over them."""
        nb = self.options.routes // self.options.senders * self.options.senders
        step = max(1, nb // FLOWS)
        octets = [(FIRST + 256 * i + 9).to_bytes(4, "big") for i in range(0, nb, step)][:FLOWS]
        (self.lab.dir / "destinations").write_text("".join(".".join(map(str, address)) + "\n" for address in octets))

    def load(self):
        """Everything is announced and known. Returns the load that watches, and what it said."""
        self.watching = self.nvas.start(
            "load", speakers.bgpload(), "--target", f"{speakers.NETWORK}.1", "--from", speakers.peers(1)[0].address,
            "--peers", self.options.peers, "--senders", self.options.senders,
            "--prefixes", self.options.routes // self.options.senders, "--end", "watch", "--timeout", TOLD_S)
        return self.told("all", 1)

    def told(self, held, times):
        """What was said when all had all, or nothing, for the so many-th time."""
        def said():
            rows = [json.loads(line) for line in self.watching.log().splitlines() if line.startswith("{") and line.endswith("}")]
            rows = [row for row in rows if row["held"] == held]
            return rows[times - 1] if len(rows) >= times else None

        return self.watching.ready(said, f"all peers have {held}", TOLD_S)

    @contextlib.contextmanager
    def packets(self, seconds):
        """Numbered ones for so long; yields what becomes of them, which is filled in at the end."""
        times, found = self.lab.dir / "times", {}
        words = [instance.BUILD / "tests" / "perf" / "sequence_bench", "--send", f"{self.host.path},vpn", "--watch", self.rs.path,
                 "--receive", f"{self.nvas.path},eth0", "--from", HOST, "--to", self.lab.dir / "destinations", "--times", times,
                 "--dst-mac", self.bascule.ports()[PORT]["mac"], "--src-mac", self.host.mac("vpn"),
                 "--rate", self.options.rate, "--total", int(seconds * self.options.rate)]
        bench = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, words)],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            if bench.stderr.readline() != "sending\n":
                raise LabError(f"sequence_bench does not send: {bench.stderr.read()}")
            yield found
            said = json.loads(bench.stdout.read())
            if bench.wait():
                raise LabError(f"sequence_bench failed: {bench.stderr.read()}")
        finally:
            bench.kill()
            bench.wait()
        both = array("q")
        both.frombytes(times.read_bytes())
        found.update(start_ns=said["start_ns"], sent=both[:said["sent"]], came=both[said["sent"]:])

    def command(self, *words):
        """(began, answered) of one, nanoseconds of CLOCK_REALTIME."""
        began = time.time_ns()
        self.bascule.run(*words)
        return began, time.time_ns()

    def move(self, to, times):
        """The switch, while packets go. Returns {what: milliseconds or packets}."""
        with self.packets(BEFORE_S + AFTER_S[to](self.options.routes)) as found:
            time.sleep(BEFORE_S)
            began, answered = self.command("exchange", to)
            # bgpload has the other clock
            offset = time.time_ns() - time.monotonic_ns()
            told = self.told("none" if to == "disable" else "all", times + (to == "enable"))
        began_at, answered_at = began - found["start_ns"], answered - found["start_ns"]
        return {"answered": (answered - began) / 1e6,
                "first peer told": (told["began_ns"] + offset - began) / 1e6, "all peers told": (told["ended_ns"] + offset - began) / 1e6,
                **(went if to == "disable" else came)(found["sent"], found["came"], began_at, answered_at)}


def went(sent, came, began, answered):
    """After `disable`: the last packet that arrived, and how many of those sent behind the answer did."""
    last = max((at for at in came if at >= 0), default=-1)
    if last < 0 or sent[-1] - last < 1e9:
        raise Failed("packets pass all the time although exchange is off" if last >= 0 else "no packet passed while exchange was on")
    return {"last transit packet": max(0, last - began) / 1e6, "packets after the answer": sum(at > answered for at in came)}


def came(sent, came, began, _):
    """After `enable`: the first packet that arrived, and how many of those sent after that did not."""
    first = min((at for at in came if at >= 0), default=-1)
    if first < began:
        raise Failed("no packet passes although exchange is on" if first < 0 else "a packet passed while exchange was off")
    return {"first transit packet": (first - began) / 1e6,
            "packets lost after it": sum(at < 0 for when, at in zip(sent, came, strict=True) if when > first)}


def tell(figures, load_s, idle_ms, moved):
    """Of one time off and on."""
    figures.add("exchange/a command that moves nothing", idle_ms, "ms", "less")
    for to, found in moved.items():
        for what, value in found.items():
            packets = what.startswith("packets")
            figures.add(f"exchange/{to}, {what}", value, "packets" if packets else "ms", "less",
                        relative=what == "packets after the answer")
        figures.add(f"exchange/{to}, all peers told, as the load", found["all peers told"] / 1e3 / load_s, "×", "less", relative=True)


def measure(figures, options, build):
    """`options`: runs, routes, peers, senders, rate."""
    instance.use_build(build)
    progress(f"exchange: {options.routes} routes to {options.peers} peers")
    try:
        with Lab() as lab:
            made = Laboratory(lab, options)
            said = made.load()
            load_s = (said["ended_ns"] - said["began_ns"]) / 1e9
            figures.add("exchange/load", load_s, "s", "less")
            wait_for(lambda: passes(made), "packets that pass", 60)
            for run in range(1, options.runs + 1):
                moved = {}
                for to in ("disable", "enable"):
                    progress(f"exchange {to}, run {run} of {options.runs}")
                    began, answered = made.command("show", "exchange")
                    moved[to] = made.move(to, run)
                tell(figures, load_s, (answered - began) / 1e6, moved)
    except LabError as why:
        raise Failed(str(why)) from None
    progress("")


def passes(made):
    """Next hops are known, and the tables are in order: what is sent arrives."""
    with made.packets(0.2) as found:
        pass
    return sum(at < 0 for at in found["came"]) < len(found["came"]) / 100
