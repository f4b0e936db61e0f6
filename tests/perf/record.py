"""The figures that the repository keeps, and the README's table of them: NAMES of tests/perf/figures/NAME.json are measured anew, and the
table is written anew from all files.

Each file is made by one command of tools/perf, which it names, with the machine and the commit. The README states ratios of them, and what
no machine has a say in. Without NAMES, the table alone."""

import re
import shlex
import subprocess

from children import Failed
from figures import SOURCE, load, number, progress
from spread import median

FOLDER = SOURCE / "tests" / "perf" / "figures"
README = SOURCE / "README.md"
BEGIN, END = "<!-- tools/perf record: begin -->\n", "<!-- tools/perf record: end -->\n"

FILES = {  # name: the words behind tools/perf
    "forward": "forward --rows '^64-(one|two)-1k-(full|2)$' --runs 3",
    "forward-flows": "forward --rows '^64-two-(single|64k|zipf|1k-full-(ecmp4|churn))' --runs 2",
    "forward-sizes": "forward --rows '^(128|512|1518|imix)-two-' --runs 2",
    "forward-memif": "forward --load memif --rows '^64-two-(1k|64k)-full$' --runs 2",
    "forward6": "forward --rows '^ip6-66-((one|two)-1k-(full|2)|two-(64k|zipf)-full)$' --runs 2",
    "fib": "fib --runs 5",
    "rib": "rib --runs 5",
    "bgp-distinct": "bgp --rows distinct --rivals null,bird --runs 2",
    "bgp-same": "bgp --rows same --rivals bird --runs 2",
    "bgp-fan-out": "bgp --rows fan-out --rivals bird --runs 2",
    "bgp-frr": "bgp --rows '^(distinct|same|fan-out)$' --rivals frr --runs 1",
    "bgp-openbgpd": "bgp --rows '^(distinct|same)$' --rivals openbgpd --runs 1",
    "bgp-gobgp": "bgp --rows '^(distinct|same)$' --prefixes 4000 --rivals gobgp --runs 1",  # a quarter of an hour for all of a row
    "bgp-fan-out-others": "bgp --rows fan-out --prefixes 40 --rivals openbgpd,gobgp --runs 1",
    "latency": "latency --rivals bird,bird-lcp --runs 5",
    "latency-others": "latency --known 0 --routes 50000 --rivals frr,openbgpd,gobgp --runs 2",
    "exchange": "exchange --runs 3",
    "loss": "loss --prefixes 500000 --events killed,restarted,upgraded --rate 20000",
    "loss-link": "loss --events link --control alive",
    "loss-flap": "loss --events flap --control alive",
    "loss-million": "loss --load memif --rate 1000000 --prefixes 500000 --events none,link --control alive,dead --runs 5",
    "tcp": "tcp --runs 3 --seconds 2",
    "rfc2544": "rfc2544 --sizes 64 --seconds 0.5 --tests throughput,latency",
}


# What the README says of them: what is measured, and how, each {file:figure} being filled in.
FORWARD = "{%s:forward/64-%s-1k-%s/bascule to %s}"
ROWS = [
    ("forwarding, 64 octets, 1,024 flows a port, one lcore, 901,899 routes, all checks; to l3fwd by lpm, with two routes and no checks",
     f"two egress ports {FORWARD % ('forward', 'two', 'full', 'l3fwd-lpm')}, one {FORWARD % ('forward', 'one', 'full', 'l3fwd-lpm')}"),
    ("the same to l3fwd by fib", f"two {FORWARD % ('forward', 'two', 'full', 'l3fwd-fib')}, one {FORWARD % ('forward', 'one', 'full', 'l3fwd-fib')}"),
    ("the same to testpmd, which looks at nothing",
     f"two {FORWARD % ('forward', 'two', 'full', 'testpmd-io')}, one {FORWARD % ('forward', 'one', 'full', 'testpmd-io')}"),
    ("two routes, as l3fwd; to l3fwd by lpm",
     f"two {FORWARD % ('forward', 'two', '2', 'l3fwd-lpm')}, one {FORWARD % ('forward', 'one', '2', 'l3fwd-lpm')}"),
    ("other flows, two egress ports; to l3fwd by lpm", "a single one {forward-flows:forward/64-two-single-full/bascule to l3fwd-lpm}, 65,536 "
     "{forward-flows:forward/64-two-64k-full/bascule to l3fwd-lpm}, by Zipf {forward-flows:forward/64-two-zipf-full/bascule to l3fwd-lpm}"),
    ("ECMP of 4; a million changes of the table a second meanwhile", f"{FORWARD % ('forward-flows', 'two', 'full-ecmp4', 'l3fwd-lpm')}; "
     f"{FORWARD % ('forward-flows', 'two', 'full-churn', 'l3fwd-lpm')}"),
    ("other sizes, two egress ports; to l3fwd by lpm", ", ".join(
        f"{said} {{forward-sizes:forward/{size}-two-1k-full/bascule to l3fwd-lpm}}" for size, said in (
            (128, "128"), (512, "512"), (1518, "1,518 octets"), ("imix", "IMIX")))),
    *((f"forwarding IPv6, 66 octets, {of}; to l3fwd by lpm; by fib", "; ".join(
        f"{said} {{forward6:forward/ip6-66-{row}/bascule to l3fwd-lpm}}, {{forward6:forward/ip6-66-{row}/bascule to l3fwd-fib}}" for said, row in rows))
      for of, rows in (
          ("1,024 flows a port, one lcore, 160,147 routes, all checks", (("two egress ports", "two-1k-full"), ("one", "one-1k-full"))),
          ("two routes, as l3fwd", (("two", "two-1k-2"), ("one", "one-1k-2"))),
          ("other flows, two egress ports", (("65,536", "two-64k-full"), ("by Zipf", "two-zipf-full"))))),
    ("packets from a process of its own (net_memif); to l3fwd by lpm and to testpmd: two cores, the generator is the bound",
     "{forward-memif:forward-memif/64-two-1k-full/bascule to l3fwd-lpm}, {forward-memif:forward-memif/64-two-1k-full/bascule to testpmd-io}"),
    ("table: the first 100,000 routes; `rte_lpm_add` takes so many times as long", "{fib:fib/rte_lpm_add to the first 100,000}"),
    ("table: a look-up in bursts, every group within bounds; to `rte_lpm_lookup_bulk`, which trusts them",
     "{fib:fib/rte_lpm_lookup_bulk to look-up}"),
    ("IPv6 table, 160,147 routes: `rte_lpm6` and `rte_fib6` take so many times as long for a look-up in bursts; to add all, shuffled", "; ".join(
        ", ".join(f"{{fib:fib6/{name}}}" for name in names) for names in (
            ("rte_lpm6_lookup_bulk_func to look-up", "rte_fib6_lookup_bulk to look-up"),
            ("rte_lpm6_add to full table, shuffled", "rte_fib6_add to full table, shuffled")))),
    ("RIB: octets a prefix with one path, hash, update group and index of next hops included; with two",
     "{rib:rib/memory, one path}; {rib:rib/memory, two paths}"),
    ("8 peers announce 100,000 prefixes each to 10; to BIRD: until all have all, withdrawn again, CPU (less is better)",
     "{bgp-distinct:bgp/distinct/bascule to bird announce}, {bgp-distinct:bgp/distinct/bascule to bird end}, "
     "{bgp-distinct:bgp/distinct/bascule to bird CPU}"),
    ("the same, to a reflector that decides nothing", "{bgp-distinct:bgp/distinct/bascule to null announce}"),
    ("the same 100,000 prefixes from 8 peers; to BIRD", "{bgp-same:bgp/same/bascule to bird announce}, "
     "{bgp-same:bgp/same/bascule to bird end}, {bgp-same:bgp/same/bascule to bird CPU}"),
    ("100 peers announce 1,000 each to all; to BIRD", "{bgp-fan-out:bgp/fan-out/bascule to bird announce}, "
     "{bgp-fan-out:bgp/fan-out/bascule to bird end}, {bgp-fan-out:bgp/fan-out/bascule to bird CPU}"),
    ("the three loads; to FRR, until all have all", ", ".join(
        f"{{bgp-frr:bgp/{row}/bascule to frr announce}}" for row in ("distinct", "same", "fan-out"))),
    *((f"the first two{of}; to {name}, until all have all", ", ".join(
        f"{{bgp-{rival}:bgp/{row}/bascule to {rival} announce}}" for row in ("distinct", "same")))
      for rival, name, of in (("openbgpd", "OpenBGPD", ""), ("gobgp", "GoBGP", ", with 4,000 prefixes"))),
    ("100 peers announce 40 each to all; to OpenBGPD, to GoBGP, until all have all", ", ".join(
        f"{{bgp-fan-out-others:bgp/fan-out/bascule to {rival} announce}}" for rival in ("openbgpd", "gobgp"))),
    *((f"one UPDATE from a peer to another, {among}; {bird} takes so many times as long: median and 99th percentile, idle; while 500,000 "
       "routes are loaded", "; ".join(
           f"{{latency:{area}/{when} p50/bascule to {rival}}} and {{latency:{area}/{when} p99/bascule to {rival}}}" for when in ("idle", "loaded")))
      for among, area in (("nothing else known", "latency"), ("a million routes known", "latency among 1000000"))
      for rival, bird in (("bird", "BIRD"), ("bird-lcp", "BIRD behind the same port and LCP interface"))),
    *((f"one UPDATE from a peer to another, nothing else known; {name} takes so many times as long: median and 99th percentile, idle; while "
       "50,000 routes are loaded", "; ".join(
           f"{{latency-others:latency/{when} p50/bascule to {rival}}} and {{latency-others:latency/{when} p99/bascule to {rival}}}"
           for when in ("idle", "loaded")))
      for rival, name in (("frr", "FRR"), ("openbgpd", "OpenBGPD"), ("gobgp", "GoBGP"))),
    ("exchange off, on, with 1,000,000 routes and 10 peers: until the last is told, in times of what the load took",
     "{exchange:exchange/disable, all peers told, as the load}, {exchange:exchange/enable, all peers told, as the load}"),
    ("... transit packets that leave after the answer to `exchange disable`", "{exchange:exchange/disable, packets after the answer}"),
    ("control killed, restarted, upgraded under 20,000 packets/s and 500,000 prefixes: packets that the dataplane drops", ", ".join(
        f"{{loss:loss/{event}, ecmp, 500000 prefixes, of that dropped by us}}" for event in ("killed", "restarted", "upgraded"))),
    ("one of two next hops loses its link, or that flaps, under 100,000 packets/s with 10,000, 100,000, 500,000 and 1,000,000 prefixes: packets "
     "lost that were sent after the kernel's word of it", "; ".join(", ".join(
         f"{{loss-{event}:loss/{event}, ecmp, {n} prefixes, control alive, of that sent after the kernel's word}}"
         for n in (10000, 100000, 500000, 1000000)) for event in ("link", "flap"))),
    ("the same under a million packets/s by shared memory, with 500,000 prefixes, control alive and dead: packets lost with nothing happening; "
     "packets lost behind the first one of a lost flow that left by the other way", "; ".join(", ".join(
         f"{{loss-million:loss-memif/{event}, ecmp, 500000 prefixes, control {control}, {lost}}}" for control in ("alive", "dead"))
         for event, lost in (("none", "lost"), ("link", "lost since the mark")))),
    ("TCP of the host's kernel by a port (net_af_packet) and its LCP interface; to the same veth without Bascule: class BGP in, out; "
     "all other in, out", "; ".join(", ".join(f"{{tcp:tcp/{class_} {way}/bascule to veth}}" for way in ("in", "out"))
                                    for class_ in ("bgp", "local"))),
    ("RFC 2544, exchange off in the middle of a trial; frames of a whole one through the shut gate",
     "{rfc2544:rfc2544/memif-exchange-64/loss with exchange off from the middle} % lost; "
     "{rfc2544:rfc2544/memif-exchange-64/frames through a shut gate}"),
]


def command(name):
    """The command line that makes the file."""
    return f"tools/perf {FILES[name]} --json tests/perf/figures/{name}.json"


def figures():
    """{file: its figures}"""
    return {name: load(FOLDER / f"{name}.json") for name in FILES}


def _value(known, name, figure):
    """The median, and the least and the most of several."""
    found = known[name].get(figure)
    if not found or not found.relative:
        raise Failed(f"{name}.json: {figure!r} is " + ("no ratio, and depends on the machine" if found else "not there"))
    middle, low, high = (number(value) for value in (median(found.samples), min(found.samples), max(found.samples)))
    return middle if low == high else f"{middle} ({low} to {high})"


def table(known):
    """The README's, of {file: figures}."""
    lines = ["| what | ratio | made by |", "|---|---|---|"]
    for what, text in ROWS:
        files = list(dict.fromkeys(re.findall(r"\{([a-z0-9-]+):", text)))
        filled = re.sub(r"\{([a-z0-9-]+):([^}]+)\}", lambda found: _value(known, *found.groups()), text)
        lines.append(f"| {what} | {filled} | {', '.join(f'`tools/perf record {name}`' for name in files)} |")
    return "\n".join(lines) + "\n"


def with_table(text, rows):
    """The README with these rows in the place of those that it has."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise Failed(f"README.md has no {BEGIN.strip()} and {END.strip()}")
    return head + begin + rows + end + tail


def run(options):
    """Exit code."""
    for name in options.names:
        progress(command(name))
        if subprocess.run(shlex.split(command(name)), cwd=SOURCE).returncode:
            raise Failed(f"{name} was not measured")
    README.write_text(with_table(README.read_text(), table(figures())))
    return 0
