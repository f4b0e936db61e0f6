"""families.py itself: twins keep what addresses and prefixes have to do with each other, and a test of one family sees its own."""

import ipaddress
import itertools

import pytest

from daemons import Route
from families import V4, V6, Told, config_of_both, link_local, seen, twin

PAIRS = [
    ("10.0.255.36", "2001:db8::a00:ff24"),
    ("10.0.255.36/28", "2001:db8::a00:ff24/124"),
    ("10.0.0.0/16", "2001:db8::a00:0/112"),
    ("0.0.0.0/0", "::/0"),
    ("0.0.0.0/1", "2001:db8::/97"),
    ("128.0.0.0/1", "2001:db8::8000:0/97"),
    ("0.0.1.4", "2001:db8::104"),
    ("172.16.9.7/32", "2001:db8::ac10:907/128"),
    ("by 10.0.2.4, 10.0.2.5: 65517:65517", "by 2001:db8::a00:204, 2001:db8::a00:205: 65517:65517"),
    ("connection from 10.0.255.41 refused", "connection from 2001:db8::a00:ff29 refused"),
]


@pytest.mark.parametrize("name, other", PAIRS)
def test_there_and_back(name, other):
    assert twin(name) == twin(other) == other
    assert V6.name(other) == name
    assert V4.say(name) == name and V4.name(name) == name


@pytest.mark.parametrize("text", ["nva-a", "65515 65001", "10.0", "1.2.3.4.5", "default", "2001:db8:255::36", "fe80::ff:fe00:1%nva0"])
def test_what_is_no_name_and_no_twin_stays(text):
    assert V6.say(text) == text and V6.name(text) == text


def test_link_local_addresses_are_named():
    assert link_local("10.0.2.4/24") == "fe80::a00:204"
    assert V6.name("fe80::a00:204%nva0") == "10.0.2.4"


def test_prefixes_hold_and_overlap_as_their_twins_do():
    prefixes = [name for name, _ in PAIRS if name.count("/") == 1] + ["10.0.7.0/24", "10.4.0.0/16", "10.0.0.0/8"]
    for one, other in itertools.product(prefixes, repeat=2):
        a, b = (ipaddress.ip_network(prefix, strict=False) for prefix in (one, other))
        c, d = (ipaddress.ip_network(twin(prefix), strict=False) for prefix in (one, other))
        assert (a.subnet_of(b), a.overlaps(b)) == (c.subnet_of(d), c.overlaps(d)), f"{one} in {other}"


class Table:
    """As a daemon's, of both families."""

    seen_as = Told

    def received(self, peer):
        return {prefix: Route(prefix, peer) for prefix in ("10.20.0.0/16", "2001:db8::a15:0/112")}

    def rows(self):
        return [{"prefix": prefix, "peers": ["10.0.2.4"]} for prefix in self.received("")]

    def wait(self, done):
        return any(done(prefix) for prefix in self.received(""))


@pytest.mark.parametrize("family, prefix", [(V4, "10.20.0.0/16"), (V6, "10.21.0.0/16")], ids=str)
def test_a_family_sees_its_own_by_name(family, prefix):
    table = seen({"table": Table()}, family)["table"]
    assert table.received("10.0.2.1") == {prefix: Route(prefix, "10.0.2.1")}
    assert [row["prefix"] for row in table.rows()] == [prefix]
    assert table.wait(lambda each: each == prefix), "a function, too, is told of names"


def test_a_configuration_of_both():
    config = {
        "dataplane": {"ports": [{"name": "nva0", "addresses": ["10.0.2.1/24"]}]},
        "vnet": [{"prefix": "10.0.0.0/16", "port": "vnet0", "next_hop": "10.0.1.1"}],
        "peers": [{"name": "nva-a", "address": "10.0.2.4"}],
        "acls": [{"name": "acl", "rules": [{"name": "one", "action": "deny", "source": "10.0.1.11/32"},
                                           {"name": "pings", "action": "permit", "protocol": "icmp", "icmp_type": 8}]}],
        "route_maps": [{"name": "map", "rules": [
            {"name": "lab", "match": {"prefix_contains": ["10.122.0.0/16"]}, "action": "drop"},
            {"name": "sites", "match": {"prefix_contains": ["10.2.0.0/16"]}, "action": {"prefix_replace": "10.2.0.0/16"}}]}],
    }
    both = config_of_both(config)
    assert both["dataplane"]["ports"][0]["addresses"] == ["10.0.2.1/24", "2001:db8::a00:201/120"]
    assert both["vnet"][1] == {"prefix": "2001:db8::a00:0/112", "port": "vnet0", "next_hop": "2001:db8::a00:101"}
    assert both["peers"] == config["peers"], "one session for both"
    one, pings, pings6 = both["acls"][0]["rules"]
    assert one["source"] == ["10.0.1.11/32", "2001:db8::a00:10b/128"]
    assert pings["protocol"] == "icmp" and (pings6["protocol"], pings6["icmp_type"]) == ("icmpv6", 128)
    lab, sites, sites6 = both["route_maps"][0]["rules"]
    assert lab["match"]["prefix_contains"] == ["10.122.0.0/16", "2001:db8::a7a:0/112"]
    assert sites["action"] == {"prefix_replace": "10.2.0.0/16"}
    assert sites6["action"] == {"prefix_replace": "2001:db8::a02:0/112"}
    assert len(config["vnet"]) == 1, "what the test has is as it was"
