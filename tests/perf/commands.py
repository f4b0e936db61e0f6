"""The command line of tools/perf."""

import argparse
import contextlib
import functools
import os
import sys
from pathlib import Path

import bgp
import compare
import exchange
import fib
import forward
import latency
import loss
import record
import rfc2544
import rib
import tcp
from children import Failed, end_with_signals
from figures import SOURCE, Figures, progress, save, table
from lab import LabError


def _words(text):
    return [word for word in text.split(",") if word]


def _common(parser, runs):
    parser.add_argument("--runs", type=int, default=runs, metavar="N", help=f"samples of each figure (default: {runs or 'as many as each takes by itself'})")
    parser.add_argument("--json", type=Path, metavar="FILE",
                        help="write the figures there, with the machine and the commit")
    parser.add_argument("--build", type=Path, default=SOURCE / "build", metavar="DIR",
                        help="the build to measure (default: build)")


def _slice(parser):
    parser.add_argument("--seconds", type=float, default=0.1, metavar="S",
                        help="how long one has the core in a turn (default: 0.1)")


def _rows(parser, rows):
    parser.add_argument("--rows", default="", metavar="REGEX",
                        help="those rows only whose name it is found in: " + " ".join(row.name for row in rows))


def _some_of(known):
    """Words of a list."""
    def read(text):
        for name in _words(text):
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {','.join(known)}")
        return _words(text)

    return read


def _one_of(known):
    def read(text):
        return _some_of(known)(text)[0]

    return read


def _numbers(text):
    """Words that are numbers, as words."""
    for word in _words(text):
        if not word.isdecimal():
            raise argparse.ArgumentTypeError(f"{word!r} is no number")
    return _words(text)


def _rivals(parser, default, known):
    parser.add_argument("--rivals", default=default, type=_some_of(known), metavar="NAMES",
                        help=f"beside whom, of {','.join(known)} (default: {','.join(default)})")


def _forward(parser):
    _common(parser, runs=5)
    _slice(parser)
    _rows(parser, forward.ROWS)
    parser.add_argument("--load", choices=("replay", "memif"), default="replay", help="where packets come from (default: replay)")
    _rivals(parser, forward.RIVALS, forward.RIVALS)


def _table(parser):
    _common(parser, runs=5)


def _bgp(parser):
    _common(parser, runs=3)
    _rows(parser, bgp.ROWS)
    parser.add_argument("--prefixes", type=int, default=0, metavar="N", help="of each sender (default: what the row says)")
    _rivals(parser, bgp.RIVALS, bgp.ALL)


def _latency(parser):
    _common(parser, runs=3)
    parser.add_argument("--known", type=_numbers, default=["0", "1000000"], metavar="LIST",
                        help="routes that are known before (default: 0,1000000)")
    parser.add_argument("--routes", type=int, default=500000, metavar="N", help="that peer C loads (default: 500,000)")
    _rivals(parser, latency.RIVALS, latency.ALL)
    parser.add_argument("--no-advertise", action="store_true", help="C's routes are for nobody")
    parser.add_argument("--lcores", default="1", metavar="LIST", help="of control (default: 1)")


def _loss(parser):
    _common(parser, runs=1)
    parser.add_argument("--rate", type=int, default=100000, metavar="N", help="packets a second (default: 100,000)")
    parser.add_argument("--prefixes", type=_numbers, default=["10000", "100000", "500000", "1000000"], metavar="LIST",
                        help="how many (default: 10000,100000,500000,1000000)")
    for name, default, known in (("ways", ["ecmp"], ("ecmp", "backup")), ("control", ["alive", "dead"], ("alive", "dead")),
                                 ("events", ["link", "flap", *loss.OF_CONTROL], tuple(loss.AFTER_S))):
        parser.add_argument(f"--{name}", type=_some_of(known), default=default, metavar="LIST",
                            help=f"of {','.join(known)} (default: {','.join(default)})")
    parser.add_argument("--load", choices=("veth", "memif"), default="veth",
                        help="what packets go by: the kernel's veth, or shared memory, for rates that two cores cannot carry there (default: veth)")
    parser.add_argument("--next", type=Path, metavar="DIR", help="the build whose control an upgrade starts (default: the same)")


def _exchange(parser):
    _common(parser, runs=5)
    parser.add_argument("--routes", type=int, default=1000000, metavar="N", help="of all peers (default: 1,000,000)")
    parser.add_argument("--peers", type=int, default=10, metavar="N", help="NVAs (default: 10)")
    parser.add_argument("--senders", type=int, default=8, metavar="N", help="of them, how many announce (default: 8)")
    parser.add_argument("--rate", type=int, default=20000, metavar="N", help="packets a second (default: 20,000)")


def _tcp(parser):
    _common(parser, runs=6)
    parser.add_argument("--seconds", type=int, default=3, metavar="S", help="each way, each time (default: 3)")
    parser.add_argument("--classes", type=_words, default=list(tcp.PORTS), metavar="LIST",
                        help=f"of punted packets: {','.join(tcp.PORTS)} (default: both)")
    parser.add_argument("--families", type=_words, default=list(tcp.FAMILIES), metavar="LIST",
                        help=f"{','.join(tcp.FAMILIES)} (default: both)")


def _rfc2544(parser):
    _common(parser, runs=1)
    parser.add_argument("--sizes", type=_numbers, default=["64", "512", "1518"], metavar="LIST",
                        help="octets of a frame, with its check sequence (default: 64,512,1518)")
    for name, known in (("tests", rfc2544.TESTS), ("while", rfc2544.WHILES)):
        parser.add_argument(f"--{name}", dest=name if name == "tests" else "whiles", type=_some_of(known), default=list(known),
                            metavar="LIST", help=f"of {','.join(known)} (default: all)")
    for name, default, text in (("seconds", 2, "of a trial"), ("line-gbps", 1, "the line whose rate is 100 %%"),
                                ("lowest", 1, "percent of it at which the search begins"),
                                ("resolution", 0.5, "percent: how near it comes"), ("partial-loss", 0.1, "percent, of the PDR"),
                                ("longest-burst", 0.1, "seconds at line rate")):
        parser.add_argument(f"--{name}", type=float, default=default, metavar="N", help=f"{text} (default: {default})")
    parser.add_argument("--confirm", type=int, default=2, metavar="N", help="trials that must all pass (default: 2)")


# name: module with measure(figures, options, build), its options
BENCHMARKS = {
    "forward": (forward, _forward),
    "fib": (fib, _table),
    "rib": (rib, _table),
    "latency": (latency, _latency),
    "exchange": (exchange, _exchange),
    "loss": (loss, _loss),
    "bgp": (bgp, _bgp),
    "tcp": (tcp, _tcp),
    "rfc2544": (rfc2544, _rfc2544),
}


def _add(commands, name, text, options):
    """The first sentence, up to its colon, is what the list of commands says."""
    parser = commands.add_parser(name, help=text.split(":")[0].lower(), description=text,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    options(parser)


def _compare(parser):
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("new", metavar="NEW")
    parser.add_argument("--only", type=_some_of(("forward", "fib", "rib")), default=["forward", "fib", "rib"], metavar="NAMES",
                        help="of forward,fib,rib (default: all)")
    parser.add_argument("--rows", default=compare.ROWS, metavar="REGEX",
                        help=f"of forward: those rows whose name it is found in (default: {compare.ROWS})")
    parser.add_argument("--routes", type=int, default=150000, metavar="N",
                        help="of fib and rib: prefixes (default: 150,000 from all over the table)")
    parser.add_argument("--pairs", type=int, default=8, metavar="N",
                        help="how many of each figure at most, three times that for what seems slower (default: 8)")
    parser.add_argument("--within", type=float, default=150, metavar="S",
                        help="seconds after which no more pairs are taken than a verdict needs (default: 150)")
    parser.add_argument("--accept", metavar="COMMITS",
                        help="whose messages say what may be slower, as A..B (default: OLD..NEW, if those are commits)")
    parser.add_argument("--same-too", action="store_true", help="measure also what is the same program in both")
    parser.add_argument("--times", type=int, default=1, metavar="N",
                        help="compare the builds so often, and tell how often one was slower (default: 1)")
    _slice(parser)


def _measure(parser, options):
    figures = Figures()
    for name in BENCHMARKS if options.command == "all" else [options.command]:
        if options.command == "all":
            words = [name, "--build", str(options.build), *(["--runs", str(options.runs)] if options.runs else [])]
            BENCHMARKS[name][0].measure(figures, parser.parse_args(words), options.build)
        else:
            BENCHMARKS[name][0].measure(figures, options, options.build)
    print(table(figures))
    if options.json:
        save(options.json, figures)
    return 0


def main(parser):
    end_with_signals()
    with contextlib.suppress(PermissionError):
        os.nice(-10)  # what is measured comes before what else the machine does
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, options) in BENCHMARKS.items():
        _add(commands, name, module.__doc__, options)
    _add(commands, "all", "All of them: one after the other, as they are by default. Takes more than an hour.",
         functools.partial(_common, runs=None))
    _add(commands, "compare", compare.__doc__, _compare)
    _add(commands, "record", record.__doc__, lambda parser: parser.add_argument(
        "names", nargs="*", metavar="NAME", type=_one_of(record.FILES), help="of " + ", ".join(record.FILES)))
    options = parser.parse_args()
    try:
        return {"compare": compare.run, "record": record.run}.get(options.command, functools.partial(_measure, parser))(options)
    except (Failed, LabError) as why:
        progress("")
        print(f"tools/perf: {why}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as why:
        progress("")
        print(f"tools/perf: ended by {why.args[0] if why.args else 'Ctrl-C'}", file=sys.stderr)
        return 130
