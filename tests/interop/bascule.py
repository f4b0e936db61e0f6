"""A Bascule instance in a namespace: its configuration from plain Python data, its two processes, its CLI."""

import json
import os
from pathlib import Path

from families import Told, config_of_both
from lab import LabError, instance_name, wait_for

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BASCULE_BUILD", SOURCE / "build"))
CLI = BUILD / "tools" / "bascule"


def use_build(folder):
    """Start what this build has, from now on."""
    global BUILD, CLI
    BUILD = Path(folder).resolve()
    CLI = BUILD / "tools" / "bascule"


def libconfig(value, depth=0):
    """Plain data as libconfig text: dict → group, list of dicts → list, other list → array."""
    pad = "  " * (depth + 1)
    if isinstance(value, dict):
        body = "".join(f"{pad}{key} = {libconfig(v, depth + 1)};\n" for key, v in value.items())
        return "{\n" + body + "  " * depth + "}"
    if isinstance(value, list):
        opening, closing = "()" if value and isinstance(value[0], dict) else "[]"
        return opening + ", ".join(libconfig(v, depth) for v in value) + closing
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value)


def config_text(config):
    """The file: every top-level setting on its own."""
    return "".join(f"{key} = {libconfig(value)};\n" for key, value in config.items())


class Bascule:
    """One instance. `letter` tells the instances of a lab apart. `config` is the file's content as data and may be
    changed between write_config() calls; the instance's name is filled in here. A port is given as {"name", "role",
    "addresses"} and sits, by `net_af_packet`, on the interface of the namespace that has the port's name. In a lab of both
    families the file says of twins what the data says of addresses."""

    seen_as = Told
    SAME_TO_ALL = ("config",)

    def __init__(self, namespace, letter, config, wrapper=()):
        self.namespace = namespace
        self.name = instance_name(namespace.lab.id, letter)
        self.config = config
        self.wrapper = wrapper  # words in front of each process, for sanitizers' settings and the like
        self.config_path = namespace.lab.dir / f"{self.name}.conf"
        self.dataplane = self.control = None
        config["instance"] = {"name": self.name, **config.get("instance", {})}
        for index, port in enumerate(config["dataplane"]["ports"]):
            if "members" not in port:
                port.setdefault("device", f"net_af_packet{index},iface={port['name']}")

    def write_config(self):
        self.config_path.write_text(config_text(config_of_both(self.config) if self.namespace.lab.both else self.config))

    def start(self):
        self.write_config()
        self.start_dataplane()
        self.start_control()

    def start_dataplane(self):
        self.dataplane = self.spawn("dataplane")
        self.dataplane.ready(lambda: self.cli("show", "ports", check=False) is not None, "answering")

    def start_control(self):
        self.control = self.spawn("control")
        self.control.ready(lambda: self.cli("show", "summary", check=False) is not None, "answering")

    def spawn(self, which):
        """Start "dataplane" or "control" and do not wait for it."""
        return self.namespace.start(f"{self.name}-{which}", *self.wrapper, BUILD / which / f"bascule-{which}",
                                    "--config", self.config_path)

    def stop(self):
        """SIGTERM to both. Returns their exit codes (control, dataplane)."""
        return self.control.stop(), self.dataplane.stop()

    def command(self, *words):
        """The CLI's command line."""
        return [str(CLI), "--instance", self.name, *map(str, words)]

    def run(self, *words, check=True):
        """A CLI command as a person types it. Returns a CompletedProcess."""
        return self.namespace.run(*self.command(*words), check=check)

    def cli(self, *words, check=True):
        """A CLI command's answer as plain data; None if it failed and check is false."""
        done = self.run("--json", *words, check=check)
        if done.returncode:
            return None
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise LabError(f"{' '.join(map(str, words))}: not JSON: {done.stdout[:500]!r}") from None

    def exchange(self, enabled):
        self.run("exchange", "enable" if enabled else "disable")

    # --- what tests ask for most --------------------------------------------------------------------------------------

    def summary(self):
        return self.cli("show", "summary")

    def ports(self):
        """{name: row of show ports}"""
        return {row["name"]: row for row in self.cli("show", "ports")}

    def peers(self):
        """{name: row of show peers}"""
        return {row["name"]: row for row in self.cli("show", "peers")}

    def established(self, *names):
        """Are these peers' sessions up? Without names: all of them."""
        peers = self.peers()
        return all(peers[name]["state"] == "Established" for name in names or peers)

    def wait_established(self, *names, seconds=30):
        wait_for(lambda: self.established(*names), f"sessions of {self.name}: {', '.join(names) or 'all'}", seconds)

    def routes(self):
        """Prefixes that have a path, with their paths: {prefix: [path, …]}, best first."""
        routes = {}
        for row in self.cli("show", "routes"):
            routes.setdefault(row["prefix"], []).append(row)
        return routes

    def fib(self, view):
        """{prefix: row} of one role's table."""
        return {row["prefix"]: row for row in self.cli("show", "fib", "--view", view)}

    def peer(self, name):
        return self.cli("show", "peer", name)

    def counters(self):
        """{group: {name: packets}}"""
        groups = {}
        for row in self.cli("show", "counters"):
            groups.setdefault(row["group"], {})[row["name"]] = row["value"]
        return groups

    def losses(self):
        """Every reason why a packet did not pass that is not zero: what to look at when one is missing."""
        reasons = {name: value for name, value in self.drops().items() if value}
        reasons.update({f"{name} {key}": row[key] for name, row in self.ports().items()
                        for key in ("rx_missed", "rx_errors", "rx_no_buffer", "tx_errors") if row[key]})
        return reasons

    def drops(self):
        """{reason: packets dropped for it}"""
        return self.counters()["drops"]
