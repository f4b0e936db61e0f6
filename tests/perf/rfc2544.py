"""RFC 2544 for hosts without Pktgen: throughput (NDR and PDR), latency, frame loss and back-to-back frames of a whole instance, in
both directions at once; also while routes change, and with the switch moved in the middle of a trial.

A generator of ours on another core sends to both ports of an instance by shared memory (net_memif) and counts what comes back. Behind
each port an NVA announces half of 198.18.0.0/15; exchange is on. `--while`:

    none      nothing else happens
    churn     three more peers announce and withdraw 100,000 prefixes all the time
    exchange  `exchange disable` in the middle of a trial: half of the frames are to pass; then a trial with the gate shut, of which none
              may; and one after `enable`

Rates are percent of what a line of --line-gbps takes. Names and file are tools/pktgen's, so that `tools/perf compare` reads them. Trials
of less than 60 s are for trying out (RFC 2544 24); where generator, ports and control share two cores, their turns are what loses
frames: the NDR then says what the machine does, not the router."""

import json
import subprocess
import time

import bascule as instance
import capture
import search
import speakers
from bascule import Bascule
from children import Failed
from figures import progress
from forward import memif
from lab import Lab, LabError, wait_for
from speaker import Speaker, attributes, update

FLOWS = 1024
PERIOD = 20  # octets of the wire that no frame has: preamble and gap
QUEUES = 2  # that the dataplane transmits by: the main lcore's and the forwarding one's
CHURN_PEERS, CHURN_PREFIXES = 3, 50000  # two of them announce
# port: our address, its host, the host's AS number, what is behind it
SIDES = {"left": ("10.0.3.1", "10.0.3.50", 65201, 198 << 24 | 18 << 16),
         "right": (f"{speakers.NETWORK}.1", f"{speakers.NETWORK}.50", 65202, 198 << 24 | 19 << 16)}
TESTS = ("throughput", "latency", "loss", "back-to-back")
WHILES = ("none", "churn", "exchange")


def config(folder):
    churn = [{"name": peer.name, "address": peer.address, "asn": peer.asn, "passive": True} for peer in speakers.peers(CHURN_PEERS)]
    return {
        "instance": {"asn": speakers.ASN, "router_id": SIDES["left"][0]},
        "exchange": {"enabled": True},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900, "ports": [
            {"name": name, "role": "nva", "addresses": [f"{us}/24"], "device": memif(i, "server", folder / f"{name}.memif")}
            for i, (name, (us, *_)) in enumerate(SIDES.items())]},
        "control": {"lcores": [0], "flap_hold_s": 0},
        "peers": churn + [{"name": f"nva-{name}", "address": host, "asn": asn, "passive": True}
                          for name, (_, host, asn, _) in SIDES.items()],
    }


class Laboratory:
    """An instance, the generator at its two ports, and behind each port a host that announces what frames are for."""

    def __init__(self, lab):
        self.lab, self.generator = lab, None
        self.rs, self.gen = lab.namespace("rs"), lab.namespace("gen")
        self.hosts = {}
        for name, (_, address, *_) in SIDES.items():
            lan = lab.lan(name)
            self.gen.join(lan, name)
            self.gen.keep_kernel_off(name)
            more = [peer.address for peer in speakers.peers(CHURN_PEERS)] if name == "right" else []
            self.hosts[name] = lab.namespace(f"host-{name}")
            self.hosts[name].join(lan, "eth0", *(f"{each}/24" for each in (address, *more)))
        self.bascule = Bascule(self.rs, "a", config(lab.dir))
        self.bascule.start()

    def load(self, size):
        """The generator, with frames of so many octets."""
        self.end()
        ports, captures, names = self.bascule.ports(), [], list(SIDES)
        for i, name in enumerate(names):
            mac = bytes.fromhex(ports[name]["mac"].replace(":", ""))
            source, to = SIDES[name][3], SIDES[names[1 - i]][3]
            captures.append(self.lab.dir / f"{name}.pcap")
            capture.write_frames(captures[i], [capture.frame(i, flow, to + 256 + flow, size, source + 256 + flow, mac)
                                               for flow in range(FLOWS)])
        devices = [memif(i, "client", self.lab.dir / f"{name}.memif") for i, name in enumerate(names)]
        devices += [f"net_af_packet{i},iface={name}" for i, name in enumerate(names)]
        words = [instance.BUILD / "tests" / "perf" / "generator", "-l0", "--in-memory", "--no-pci", "--log-level=error",
                 f"--file-prefix={self.lab.id}-generator", *(word for device in devices for word in ("--vdev", device)), "--", "--queues", QUEUES,
                 *(word for path in captures for word in ("--capture", path))]
        self.generator = subprocess.Popen(
            self.gen.enter("setpriv", "--pdeathsig", "KILL", *words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=open(self.lab.dir / "generator.log", "w"))
        self._line("ready")

    def end(self):
        if self.generator:
            self.generator.kill()
            self.generator.wait()
            self.generator = None

    def _line(self, start):
        """The next line of the generator's that begins so."""
        for line in self.generator.stdout:
            if line.startswith(start):
                return line
        raise LabError(f"the generator ended: {(self.lab.dir / 'generator.log').read_text()[-2000:]}")

    def announce(self):
        """Both hosts' sessions and routes; until frames pass both ways."""
        self.sessions = []
        for name, (us, address, asn, network) in SIDES.items():
            session = wait_for(lambda name=name, us=us, address=address, asn=asn: self._session(name, us, address, asn),
                               f"session of {name}", 60)
            prefix = f"{network >> 24}.{network >> 16 & 255}.0.0/16"
            session.send(update([prefix], attributes(address, [asn])))
            self.sessions.append(session)
        wait_for(lambda: not self.trial(1000, 0.1)["lost"], "frames that pass", 60)

    def _session(self, name, us, address, asn):
        speaker = None
        try:
            speaker = Speaker(self.hosts[name], address, us, seconds=5)
            return speaker.establish(asn, address, hold_s=0)
        except OSError:
            if speaker:
                speaker.close()
            return None

    def trial(self, rate, seconds, frames=0, half=None):
        """Frames a second of each port for so long, or so many. Returns what the generator says."""
        self.generator.stdin.write(f"{rate} {seconds} {frames}\n")
        self.generator.stdin.flush()
        if half:
            time.sleep(seconds / 2)
            half()
        return json.loads(self._line("{"))

    def churn(self):
        """Prefixes come and go until it is killed. A peer whose last session ended badly is kept waiting: again until it is not."""
        def changing():
            load = self.hosts["right"].start(
                "churn", speakers.bgpload(), "--target", SIDES["right"][0], "--from", speakers.peers(1)[0].address,
                "--peers", CHURN_PEERS, "--senders", CHURN_PEERS - 1, "--prefixes", CHURN_PREFIXES, "--end", "repeat")
            wait_for(lambda: not load.alive or self.bascule.summary()["routes"] > CHURN_PREFIXES, "routes that change", 60)
            return load if load.alive else None

        return wait_for(changing, "peers that may come back", 120)


class Tests:
    """Those of one frame size, while something happens. Figures as tools/pktgen's."""

    def __init__(self, made, figures, area, size, options):
        self.made, self.figures, self.area, self.options = made, figures, area, options
        self.line = options.line_gbps * 1e9 / 8 / (size + PERIOD)
        self.found = options.lowest  # percent: the rate that latency is measured at

    def _trial(self, percent, **more):
        return self.made.trial(self.line * percent / 100, self.options.seconds, **more)

    def _add(self, what, value, unit, better):
        self.figures.add(f"{self.area}{what}", value, unit, better, relative=True)

    def throughput(self):
        o = self.options
        for kind, percent in (("PDR", o.partial_loss), ("NDR", 0)):
            rate, result = search.rate(self._trial, percent, o.lowest, o.resolution, o.confirm)
            self._add(kind, result["received"] / result["seconds"] / 1e6 if result else 0, "Mframes/s", "more")
            self._add(f"{kind} of line rate", rate or 0, "%", "more")
            self.found = rate or (self.found if kind == "NDR" else o.lowest)

    def latency(self):
        late = self._trial(self.found)["latency_us"]
        for what, value in (("p50", late["p50"]), ("p99", late["p99"]), ("longest", late["max"])):
            self._add(f"latency {what}", value, "us", "less")

    def loss(self):
        for rate, result in search.loss(self._trial).items():
            self._add(f"loss at {rate} %", 100 * result["lost"] / max(result["sent"], 1), "%", "less")

    def back_to_back(self):
        def trial(frames):
            return self.made.trial(self.line, frames / self.line + 0.01, frames=frames)

        self._add("back to back", search.burst(trial, int(self.options.longest_burst * self.line)), "frames", "more")

    def exchange(self):
        """The switch off in the middle of a trial, off during one, on again before one."""
        switch = self.made.bascule.exchange
        try:
            middle = self._trial(self.found, half=lambda: switch(False))
            shut = self._trial(self.found)
        finally:
            switch(True)
        again = self._trial(self.found)
        for what, result in (("off from the middle", middle), ("on again", again)):
            self._add(f"loss with exchange {what}", 100 * result["lost"] / max(result["sent"], 1), "%", "less")
        self._add("frames through a shut gate", shut["received"], "frames", "less")


def measure(figures, options, build):
    """`options`: runs, sizes, tests, whiles, seconds, line_gbps, lowest, resolution, confirm, partial_loss, longest_burst."""
    instance.use_build(build)
    try:
        with Lab() as lab:
            made = Laboratory(lab)
            try:
                for size in options.sizes:
                    made.load(int(size))
                    made.announce()
                    for meanwhile in options.whiles:
                        _meanwhile(made, figures, int(size), options, meanwhile)
                    for session in made.sessions:
                        session.close()
            finally:
                made.end()
    except LabError as why:
        raise Failed(str(why)) from None
    progress("")


def _meanwhile(made, figures, size, options, meanwhile):
    area = f"rfc2544/memif{'' if meanwhile == 'none' else f'-{meanwhile}'}-{size}/"
    beside = made.churn() if meanwhile == "churn" else None
    for run in range(options.runs):
        tests = Tests(made, figures, area, size, options)
        for name in ["exchange"] if meanwhile == "exchange" else options.tests:
            progress(f"{area}{name}, run {run + 1} of {options.runs}")
            getattr(tests, name.replace("-", "_"))()
    if beside:
        if not beside.alive:
            raise Failed(f"the routes did not change all the time: {beside.log()[-1000:]}")
        beside.kill()
