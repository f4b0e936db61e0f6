"""Both address families from one test body. A drawing and the bodies on it name every place by its address of IPv4; in a
laboratory of both families each has a twin of IPv6 beside it:

    10.0.255.36/28     2001:db8::a00:ff24/124, and fe80::a00:ff24 on link
    172.16.9.0/24      2001:db8::ac10:900/120
    0.0.0.0/0          ::/0

Lengths are 96 more, so what holds, overlaps or is longer than another in one family does so in the other.

    net = seen(networks, V6)
    net.nva.announce("172.16.9.0/24")              # says it of 2001:db8::ac10:900/120
    net.bascule.fib("vnet")["172.16.9.0/24"]       # what we know of that, by its name

Through seen() a test of one family sees the lab: what goes to a Bascule, a daemon, a namespace is said in that family, what
comes back is named as in the drawing, and prefixes of the other family are left out."""

import copy
import dataclasses
import functools
import inspect
import ipaddress
import re
import socket
import subprocess
import types

import pytest

DOCUMENTATION = "2001:db8::"
BITS_MORE = 96
OF_TWINS = "-6"  # ends the names of rules that are there for the twins
IN_WORDS = re.compile(r"(?<![\w.])(\d+\.\d+\.\d+\.\d+)(?:/(\d+))?(?![\d.]*\d)")
TWIN_IN_WORDS = re.compile(r"(?<![\w:])(?:2001:db8|fe80)::((?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})?)?)(?!:?[0-9a-f])"
                           r"(?:%[\w-]+)?(?:/(\d+))?")
DEFAULT = re.compile(r"(?<![\w:])::/0\b")


def _twin(found):
    address, length = found.groups()
    if length == "0":
        return "::/0"
    return DOCUMENTATION + _tail(address) + ("" if length is None else f"/{int(length) + BITS_MORE}")


def _tail(address):
    number = int(ipaddress.ip_address(address))
    high, low = number >> 16, number & 0xFFFF
    return f"{high:x}:{low:x}" if high else f"{low:x}" if low else ""


def _twins_name(found):
    tail, length = found.groups()
    high, _, low = tail.rpartition(":")
    address = ipaddress.IPv4Address(int(high or "0", 16) << 16 | int(low or "0", 16))
    return f"{address}" + ("" if length is None else f"/{int(length) - BITS_MORE}")


def twin(text):
    """The same with every address of IPv4 as its twin."""
    return IN_WORDS.sub(_twin, text)


def link_local(address):
    """The twin's own on the link: "fe80::a00:ff24"."""
    return f"fe80::{_tail(address.partition('/')[0])}"


class Family:
    """`say(thing)`: names as this family's addresses; `name(thing)`: the other way, without the other family's prefixes.
    Both go into lists, tuples, sets, dicts, and what is plain data as a daemon's Route is."""

    def __init__(self, title, af, ethertype):
        self.title, self.af, self.ethertype = title, af, ethertype

    def __str__(self):
        return self.title

    def has(self, prefix):
        return (":" in prefix) == (self is V6)

    def say(self, thing):
        return _through(thing, twin if self is V6 else str, rest=self._told)

    def _told(self, thing):
        """A function that will be told of addresses is told by their names."""
        return (lambda *args: thing(*map(self.name, args))) if isinstance(thing, types.FunctionType) else thing

    def name(self, thing, rest=lambda thing: thing):
        return _through(thing, self._name, self._is_others, rest)

    def _name(self, text):
        return TWIN_IN_WORDS.sub(_twins_name, DEFAULT.sub("0.0.0.0/0", text)) if self is V6 else text

    def _is_others(self, thing):
        """Is it the other family's prefix, or a row about one?"""
        if isinstance(thing, dict):
            thing = thing.get("prefix")
        elif dataclasses.is_dataclass(thing):
            thing = getattr(thing, "prefix", None)
        return isinstance(thing, str) and "/" in thing and _is_prefix(thing) and not self.has(thing)


@functools.lru_cache(1 << 14)
def _is_prefix(text):
    try:
        return bool(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return False


def _through(thing, words, left_out=lambda thing: False, rest=lambda thing: thing):
    """A copy with `words` of each text in it, and `rest` of what is not plain data."""
    if isinstance(thing, str):
        return words(thing)
    if isinstance(thing, dict):
        return {_through(key, words): _through(value, words, left_out, rest) for key, value in thing.items()
                if not left_out(key) and not left_out(value)}
    if isinstance(thing, (list, tuple, set, frozenset)):
        return type(thing)(_through(each, words, left_out, rest) for each in thing if not left_out(each))
    if isinstance(thing, subprocess.CompletedProcess):
        return subprocess.CompletedProcess(thing.args, thing.returncode, words(thing.stdout), words(thing.stderr))
    if dataclasses.is_dataclass(thing) and thing.__dataclass_params__.frozen:
        return dataclasses.replace(thing, **{field.name: _through(getattr(thing, field.name), words, left_out, rest)
                                             for field in dataclasses.fields(thing)})
    return rest(thing)


V4 = Family("ipv4", socket.AF_INET, 0x0800)
V6 = Family("ipv6", socket.AF_INET6, 0x86DD)
FAMILIES = (V4, V6)
# Of a module, and of a test in one in which families have no part.
both_families = pytest.mark.parametrize("family", FAMILIES, ids=str, indirect=True, scope="module")
once = pytest.mark.once
# Of a module whose lab is of both families, and whose tests look at both at the same time.
both_at_once = pytest.mark.both_at_once


# --- a laboratory as one family sees it -------------------------------------------------------------------------------

class Seen:
    """Of a drawing (hub.py, networks.py, ...): its methods run here, so that what they use is seen likewise."""

    def __init__(self, what, family):
        self.__dict__.update(_what=what, family=family)

    def __getattr__(self, name):
        method = inspect.getattr_static(type(self._what), name, None)
        if not isinstance(method, types.FunctionType):
            return seen(getattr(self._what, name), self.family)

        @functools.wraps(method)
        def call(*args, **options):
            return _through(method(self, *args, **options), str, rest=self._wrapped)

        return call

    def _wrapped(self, thing):
        how = getattr(type(thing), "seen_as", None)
        return how(thing, self.family) if how else thing

    def __setattr__(self, name, value):
        setattr(self._what, name, value)


class Told(Seen):
    """Of what a drawing consists of: what it is told is said in the family, what it answers is named."""

    def __getattr__(self, name):
        value = getattr(self._what, name)
        if not isinstance(value, types.MethodType):
            return value if name in getattr(self._what, "SAME_TO_ALL", ()) else seen(value, self.family)

        @functools.wraps(value)
        def call(*args, **options):
            args, options = self.family.say(args), self.family.say(options)
            return seen(value(*map(_bare, args), **{key: _bare(option) for key, option in options.items()}), self.family)

        return call

    def __eq__(self, other):
        return self._what is _bare(other)

    def __hash__(self):
        return hash(self._what)


def _bare(thing):
    return thing._what if isinstance(thing, Seen) else thing


def seen(what, family):
    """`what` as a test of this family sees it. Classes that have `seen_as` (Seen or Told) are seen so, plain data is
    named, and all else is what it is."""
    return family.name(what, Seen(what, family)._wrapped)


# --- a configuration of both ------------------------------------------------------------------------------------------

def config_of_both(config):
    """The configuration with a twin beside each address of a port, VNet, neighbour and rule. Sessions stay those that
    there are: each is of both families, since its port is."""
    config = copy.deepcopy(config)
    for port in config["dataplane"]["ports"]:
        port["addresses"] += [twin(address) for address in port["addresses"] if twin(address) not in port["addresses"]]
    for part in ("vnet", "neighbours"):
        entries = config.get(part, [])
        entries += [V6.say(entry) for entry in entries if V6.say(entry) not in entries]
    for acl in config.get("acls", []):
        acl["rules"] = [both for rule in acl["rules"] for both in _filters_of_both(rule)]
    for route_map in config.get("route_maps", []):
        route_map["rules"] = [both for rule in route_map["rules"] for both in _policies_of_both(rule)]
    return config


def sessions_of_each(peers):
    """A peer with a session for both families as two, with one for each; the second one's name ends with OF_TWINS."""
    return [each for peer in peers for each in (
        {**peer, "families": ["ipv4"]}, {**V6.say(peer), "name": f"{peer['name']}{OF_TWINS}", "families": ["ipv6"]})]


def _lists_of_both(rule, members):
    """Each list of prefixes has their twins as well."""
    lists = {member: rule[member] if isinstance(rule[member], list) else [rule[member]] for member in members if member in rule}
    return {**rule, **{member: [*prefixes, *map(twin, prefixes)] for member, prefixes in lists.items()}}


def _filters_of_both(rule):
    """ICMP is a protocol of one family: pings are other types in the other."""
    rule = _lists_of_both(rule, ("source", "destination"))
    yield rule
    if rule.get("protocol") == "icmp":
        kinds = {"icmp_type": {8: 128, 0: 129}[rule["icmp_type"]]} if "icmp_type" in rule else {}
        yield {**rule, "name": f"{rule['name']}{OF_TWINS}", "protocol": "icmpv6", **kinds}


def _policies_of_both(rule):
    """A rule that makes a summary is two."""
    if isinstance(rule["action"], dict) and "prefix_replace" in rule["action"]:
        yield rule
        yield {**V6.say(rule), "name": f"{rule['name']}{OF_TWINS}"}
    else:
        yield {**rule, "match": _lists_of_both(rule["match"], ("prefix_equals", "prefix_contains"))} if "match" in rule else rule
