"""The command line of tools/perf."""

import argparse
import sys
from pathlib import Path

import forward
from children import Failed, end_with_signals
from figures import SOURCE, Figures, progress, save, table


def _common(parser, runs, seconds=None):
    parser.add_argument("--runs", type=int, default=runs, metavar="N", help=f"samples of each figure (default: {runs})")
    if seconds:
        parser.add_argument("--seconds", type=float, default=seconds, metavar="S",
                            help=f"how long a contestant has the core in a turn (default: {seconds})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, with the machine and the commit")
    parser.add_argument("--build", type=Path, default=SOURCE / "build", metavar="DIR", help="the build to measure (default: build)")


def _forward(parser):
    _common(parser, runs=5, seconds=0.1)
    parser.add_argument("--rows", default="", metavar="REGEX", help="those rows only whose name it is found in: "
                        + " ".join(row.name for row in forward.ROWS))
    parser.add_argument("--rivals", default=",".join(forward.RIVALS), type=lambda text: [w for w in text.split(",") if w],
                        metavar="NAMES", help=f"beside whom: {','.join(forward.RIVALS)} (default: all)")


# name: module with measure(figures, options, build), its options
BENCHMARKS = {
    "forward": (forward, _forward),
}


def main(parser):
    end_with_signals()
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, options) in BENCHMARKS.items():
        options(commands.add_parser(name, help=module.__doc__.split(":")[0].lower(), description=module.__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter))
    options = parser.parse_args()
    figures = Figures()
    try:
        BENCHMARKS[options.command][0].measure(figures, options, options.build)
    except Failed as why:
        progress("")
        print(f"tools/perf: {why}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as why:
        progress("")
        print(f"tools/perf: ended by {why.args[0] if why.args else 'Ctrl-C'}", file=sys.stderr)
        return 130
    print(table(figures))
    if options.json:
        save(options.json, figures)
    return 0
