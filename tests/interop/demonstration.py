"""The live demonstration (tools/run): the two networks that Bascule exists for, with BGP daemons that others wrote.

It builds them in network namespaces, shows what each command answers, and checks what a reader would check: who learns
which routes, which pings pass, of IPv4 and IPv6: every address has a twin, 10.0.255.36 is 2001:db8::a00:ff24 too, and each
session carries both. Then it stays up for you to try things, until Ctrl-C removes everything."""

import argparse
import contextlib
import os
import shlex
import signal
import sys
import threading

import networks
from families import FAMILIES, V6, seen
from lab import Lab, LabError, wait_for
from networks import BRANCH, BRANCH_HOST, ER_TAGS, ONPREM1, ONPREM1_HOST, ONPREM2, ONPREM2_HOST, VNET, VNET_HOST, Networks
from tagger import Tap
from traffic import tcp_transfer, traceroute

WIDTH = 100


class Demonstration:
    """Says what it does, does it, and counts what was not as it should be."""

    def __init__(self, net):
        self.net = net
        self.bascule = net.bascule
        self.wrong = 0

    # --- telling ------------------------------------------------------------------------------------------------------

    @staticmethod
    def title(text):
        print(f"\n━━ {text} {'━' * (WIDTH - 4 - len(text))}\n", flush=True)

    @staticmethod
    def say(text):
        print(f"\n{text}\n", flush=True)

    @staticmethod
    def shown(command, output):
        print(f"  $ {command}")
        for line in output.rstrip().splitlines():
            print(f"    {line}")
        sys.stdout.flush()

    def check(self, what, ok):
        print(f"  [{'ok' if ok else 'WRONG'}] {what}", flush=True)
        self.wrong += not ok

    def cli(self, *words):
        """Run a bascule command and show it."""
        done = self.bascule.run(*words)
        self.shown(f"bascule {' '.join(words)}", done.stdout + done.stderr)

    # --- checks -------------------------------------------------------------------------------------------------------

    def routes(self, name, daemon, address, expected):
        """The routes that a peer holds from us, and their twins, as its own daemon tells."""
        expected = sorted(family.say(prefix) for family in FAMILIES for prefix in expected)
        with contextlib.suppress(LabError):  # shown as wrong below
            wait_for(lambda: daemon.prefixes(address) == expected, "routes", 10)
        got = daemon.prefixes(address)
        for family in FAMILIES:
            of_it = ", ".join(prefix for prefix in got if family.has(prefix)) or "nothing"
            self.check(f"{name:<38} learned from Bascule: {of_it}", got == expected)

    def ping(self, name, namespace, source, address, passes):
        """One way is enough: a ping needs the way back too."""
        for family in FAMILIES:
            source, address = family.say(source), family.say(address)
            if passes:  # the routers in between may need a moment to put the new route into their kernels
                with contextlib.suppress(LabError):
                    wait_for(lambda: namespace.ping(address, source), "ping", 10)
            got = namespace.ping(address, source)
            self.check(f"{name:<38} ping {address:<22} {'answered' if got else 'no answer'}", got == passes)

    def transfer(self, name, sender, source, receiver, address):
        for family in FAMILIES:
            sent, received = tcp_transfer(seen(sender, family), source, seen(receiver, family), address)
            self.check(f"{name:<38} 4 MiB over TCP of {family}, SHA-256 {received[:16]}…", sent == received)

    def hops(self, sender, source, address, ours):
        for family in FAMILIES:
            self._hops(sender, *map(family.say, (source, address, ours)))

    def _hops(self, sender, source, address, ours):
        path = traceroute(sender, source, address)
        self.shown(f"traceroute -n -s {source} {address}", "\n".join(f"{i + 1:2}  {hop}{'  ← Bascule' * (hop == ours)}"
                                                                     for i, hop in enumerate(path)))
        self.check(f"the packets cross Bascule at {ours}", ours in path)

    def up(self, *names):
        """Wait for these peers' sessions, and show them all."""
        self.bascule.wait_established(*names)
        self.cli("show", "peers")

    def tags(self):
        """What the port's frames look like on its wire."""
        for family in FAMILIES:
            with Tap(self.net.switch.namespace) as tap:
                self.net.ergw.namespace.ping(family.say(networks.er_address()))
                tags, _ = tap.next(lambda frame: frame[12:14] == family.ethertype.to_bytes(2, "big"))
            text = ", ".join(f"0x{kind:04x} VLAN {tci & 0xfff}" for kind, tci in tags)
            self.check(f"frames of port er0 with {family} are tagged {text}", tags == ER_TAGS)

    # --- what both networks have in common ----------------------------------------------------------------------------

    def life_of_exchange(self, sides, ways):
        """Off, on, off again. `sides`: [(name, daemon, our address, its own prefix)]; `ways`: [(name, namespace,
        host, other host, other namespace, our address on the way)]."""
        marks = self.net.sessions()
        everything = {own for *_, own in sides} | {VNET}

        self.say("Route exchange is off. Each branch learns the VNet and no more; no packet passes between branches.")
        for name, daemon, address, _ in sides:
            self.routes(name, daemon, address, [VNET])
        self._pings(ways, False)

        self.say("Route exchange on.")
        self.cli("exchange", "enable")
        for name, daemon, address, own in sides:
            self.routes(name, daemon, address, everything - {own})
        self._pings(ways, True)
        name, namespace, host, other, other_namespace, hop = ways[0]
        self.transfer(name, namespace, host, other_namespace, other)
        self.hops(namespace, host, other, hop)

        self.say("Route exchange off again: transit stops, and no session moves.")
        self.cli("exchange", "disable")
        self._pings(ways, False)
        for name, daemon, address, _ in sides:
            self.routes(name, daemon, address, [VNET])
        after = self.net.sessions()
        self.check("every session is still the same one", after == marks)

    def _pings(self, ways, passes):
        for name, namespace, host, other, _, _ in ways:
            self.ping(name, namespace, host, other, passes)
        for host, name in {way[2]: way[0].split(" → ")[0] for way in ways}.items():
            self.ping(f"VNet host → {name}", self.net.vnet, VNET_HOST, host, True)

    # --- the story ----------------------------------------------------------------------------------------------------

    def sides(self, *names):
        net = self.net
        known = {
            "nva": [("SD-WAN NVA (GoBGP)", net.nva, networks.nva_address(), ONPREM1)],
            "er": [("ExpressRoute gateway (FRR)", net.ergw, networks.er_address(), ONPREM2)],
            "vpn": [(f"VPN gateway instance {i} (BIRD)", gateway, networks.vpn_address(), BRANCH)
                    for i, gateway in enumerate(net.vpngw)],
        }
        return [side for name in names for side in known[name]]

    def ways(self, *pairs):
        net = self.net
        known = {
            "on-prem 1": (net.onprem1, ONPREM1_HOST, networks.nva_address()),
            "on-prem 2": (net.onprem2.namespace, ONPREM2_HOST, networks.er_address()),
            "branch": (net.branch.namespace, BRANCH_HOST, networks.vpn_address()),
        }
        ways = []
        for here, there in pairs:
            for a, b in ((here, there), (there, here)):
                ways.append((f"{a} → {b}", known[a][0], known[a][1], known[b][1], known[b][0], known[a][2]))
        return ways

    def run(self):
        net = self.net
        self.title("First network: an SD-WAN NVA and an ExpressRoute gateway")
        print("  On-prem 1          SD-WAN NVA     Bascule      ExpressRoute gateway   MSEE         On-prem 2\n"
              f"  {ONPREM1} ──── AS 65001 ───── AS 65515 ──── AS 65515 ───────────── AS 12076 ─── AS 65020\n"
              f"                                      │                                            {ONPREM2}\n"
              f"                               VNet {VNET}\n\n"
              "  The ExpressRoute port's frames carry two tags (QinQ), as those of private peering do.\n"
              "  Both families, by one session with each peer: every address and prefix has a twin of IPv6, so that\n"
              f"  {VNET} is {V6.say(VNET)} as well, and {ONPREM2_HOST} is {V6.say(ONPREM2_HOST)}.\n")
        self.bascule.start()
        for daemon in (net.ergw, net.msee, net.onprem2, net.nva):
            daemon.start()
        self.up("ergw/0", "nva-a")
        self.cli("show", "ports")
        self.tags()
        self.wait_heard(ONPREM1, ONPREM2)
        self.life_of_exchange(self.sides("nva", "er"), self.ways(("on-prem 1", "on-prem 2")))

        self.title("Second network: an active-active VPN gateway in the NVA's place")
        print("  Branch             VPN gateway    Bascule      ExpressRoute gateway   MSEE         On-prem 2\n"
              "  AS 65010 ───────── AS 65515 ───── AS 65515 ──── AS 65515 ───────────── AS 12076 ─── AS 65020\n"
              f"  {BRANCH}       two instances      │                                            {ONPREM2}\n"
              f"                               VNet {VNET}\n")
        net.nva.stop()
        for daemon in (*net.vpngw, net.branch):
            daemon.start()
        self.up("ergw/0", "vpngw/0", "vpngw/1")
        self.wait_heard(BRANCH, ONPREM2)
        self.life_of_exchange(self.sides("vpn", "er"), self.ways(("branch", "on-prem 2")))

        self.title("Both at once")
        net.nva.start()
        self.up()
        self.wait_heard(ONPREM1, ONPREM2, BRANCH)
        self.life_of_exchange(self.sides("nva", "vpn", "er"),
                              self.ways(("branch", "on-prem 2"), ("on-prem 1", "on-prem 2"), ("on-prem 1", "branch")))
        self.cli("exchange", "enable")
        self.ping("on-prem 1 → branch", net.onprem1, ONPREM1_HOST, BRANCH_HOST, True)
        self.cli("show", "routes")
        self.cli("show", "fib", "--view", "expressroute")

    def wait_heard(self, *prefixes):
        prefixes = {family.say(prefix) for family in FAMILIES for prefix in prefixes}
        wait_for(lambda: prefixes <= set(self.bascule.routes()), f"routes {', '.join(sorted(prefixes))}")

    def commands_to_try(self):
        net = self.net

        def inside(namespace, *words):
            return f"ip netns exec {namespace.full_name} {shlex.join(map(str, words))}"

        cli = " ".join(self.bascule.command())
        return [
            ("sessions, routes, packets", [f"{cli} {words}" for words in (
                "show peers", "show routes --family ipv6", f"show routes {ONPREM2}", f"show routes {V6.say(ONPREM2)}",
                "show fib --view vpn", "show counters", "exchange disable", "exchange enable", "--help")]),
            ("packets between the networks", [
                inside(net.onprem1, "ping", ONPREM2_HOST),
                inside(net.onprem1, "ping", V6.say(ONPREM2_HOST)),
                inside(net.branch.namespace, "ping", "-I", BRANCH_HOST, ONPREM2_HOST),
                inside(net.branch.namespace, "traceroute", "-n", "-s", BRANCH_HOST, ONPREM2_HOST),
                inside(net.branch.namespace, "traceroute", "-n", "-s", V6.say(BRANCH_HOST), V6.say(ONPREM2_HOST))]),
            ("the peers' own view", [
                f"vtysh --vty_socket {net.ergw.dir} -c 'show bgp ipv6 unicast'",
                f"birdc -s {net.vpngw[0].dir}/bird.ctl show route",
                inside(net.nva.namespace, "gobgp", "neighbor")]),
        ]


def keep_interrupts():
    """A Ctrl-C that comes while Python destroys an object would be told on stderr and forgotten: it comes again soon."""
    def unraisable(lost):
        if lost.exc_type is KeyboardInterrupt:
            again = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
            again.daemon = True
            again.start()
        else:
            sys.__unraisablehook__(lost)

    sys.unraisablehook = unraisable


def main():
    parser = argparse.ArgumentParser(prog="tools/run", description=__doc__.split("\n\n")[0],
                                     epilog="Needs root. Everything runs in namespaces and goes when the program ends.")
    parser.add_argument("--once", action="store_true",
                        help="end after the demonstration; exit code 1 if a check failed")
    arguments = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    keep_interrupts()
    with Lab(both=True) as lab:
        demonstration = Demonstration(Networks(lab, er_tagged=True))
        demonstration.run()
        wrong = demonstration.wrong
        print(f"\n{'Everything is as it should be.' if not wrong else f'{wrong} checks went wrong; logs: {lab.dir}'}")
        if not arguments.once:
            Demonstration.title("It is yours. Commands to try, in another terminal; Ctrl-C here removes everything")
            for topic, commands in demonstration.commands_to_try():
                print(f"  {topic}")
                for command in commands:
                    print(f"    {command}")
                print()
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
            print("\nremoving everything")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except LabError as error:
        print(f"\ntools/run: {error}", file=sys.stderr)
        sys.exit(1)
