"""Filters at the edge, with packets: what access lists and reverse-path checks let pass, and reloads under traffic.

    vnet-host 10.0.1.10, .11 ── vnet0 Bascule nva0 ── nva-a (172.16.9.10 behind it)   the hub of hub.py
                                        er0, vpn0 ── gateways

GOOD is a source that every list permits, BANNED one that every list denies."""

import collections
import contextlib
import socket

import pytest

from families import OF_TWINS, V4, both_families, config_of_both, seen
from hub import A, B, SPEAKERS, running_hub
from lab import wait_for
from networks import nva_address, vnet_address
from packets import TCP, UDP, RawPort, Sniffer, addresses, ethernet, ip, part, protocol, udp
from traffic import UdpFlow

pytestmark = both_families
GOOD, BANNED, SITE, FAR = "10.0.1.10", "10.0.1.11", "172.16.9.0/24", "172.16.9.10"
BRANCH, BRANCH_HOST = "10.10.0.0/16", "10.10.0.10"
PORT = 7777
IP_MTU_DISCOVER = 10

BAN = {"name": "banned", "action": "deny", "source": f"{BANNED}/32"}
WEB = {"name": "web", "action": "permit", "protocol": "tcp", "destination_ports": [80, PORT]}
ONE = {"name": "from-vnet", "default": "permit", "rules": [BAN]}
OTHER = {"name": "from-vnet", "default": "permit", "rules": [WEB, {**BAN, "name": "still-banned"}]}
TO_NVA = {"name": "to-nva", "default": "deny", "rules": [
    {"name": "pings", "action": "permit", "protocol": "icmp", "icmp_type": 8},
    {"name": "datagrams", "action": "permit", "protocol": "udp"},
    {"name": "answers", "action": "permit", "protocol": "tcp", "established": True},
    {"name": "web", "action": "permit", "protocol": "tcp", "destination_ports": PORT}]}


@pytest.fixture(scope="module")
def shared_filtered():
    def configure(config):
        config["acls"] = [ONE, TO_NVA]
        set_port(config, "vnet0", acl_in="from-vnet")
        set_port(config, "nva0", acl_out="to-nva")

    with running_hub(__name__, configure, both=True) as hub:
        hub.host = hub.bascule.namespace.lab.namespace("host")
        hub.host.join(hub.bascule.namespace.lab.lans["vnet"], "vnet", f"{GOOD}/24", f"{BANNED}/24")
        hub.host.route("default", vnet_address())
        hub.a.namespace.host_address(FAR)
        hub.a.namespace.route("default", nva_address())
        yield hub


@pytest.fixture(scope="module")
def filtered(shared_filtered, family):
    hub = seen(shared_filtered, family)
    hub.a.announce(SITE, 65001)
    hub.vpn0.announce(BRANCH, 65010)
    wait_for(lambda: {SITE, BRANCH} <= set(hub.bascule.fib("vnet")), "both routes")
    wait_for(lambda: hub.host.ping(FAR, GOOD), "a way through")
    return hub


@pytest.fixture(autouse=True)
def undisturbed(filtered):
    """No test moves a session but those that it says; the next one begins with the lists of the first."""
    sessions, moved = filtered.sessions(), set()
    yield moved
    put(filtered, [ONE, TO_NVA], vnet0={"acl_in": "from-vnet"}, nva0={"acl_out": "to-nva"})
    now = filtered.sessions()
    assert {name for name in sessions if now[name] != sessions[name]} == moved


def set_port(config, name, **settings):
    port = next(port for port in config["dataplane"]["ports"] if port["name"] == name)
    for setting in ("acl_in", "acl_out", "urpf"):
        port.pop(setting, None)
    port.update(settings)


def put(hub, acls, **ports):
    """These lists, and these settings of ports, until they are in force."""
    hub.bascule.config["acls"] = acls
    for port in hub.bascule.config["dataplane"]["ports"]:
        set_port(hub.bascule.config, port["name"], **ports.get(port["name"], {}))
    log = hub.bascule.dataplane.log
    before = log().count("reload: done")
    hub.reload()
    wait_for(lambda: log().count("reload: done") > before, "the dataplane's reload")


def hits(hub):
    """{(list, rule): hits}, those of a rule's twin among them"""
    rules = collections.Counter()
    for row in hub.bascule.cli("show", "acl"):
        rules[row["acl"], row["rule"].removesuffix(OF_TWINS)] += row["hits"]
    return rules


def drops_of(hub, port):
    return {row["name"]: row["value"] for row in hub.bascule.cli("show", "counters", port) if row["group"] == "drops"}


@contextlib.contextmanager
def more(what, **wanted):
    """`what()` says so much more at the end, and no less."""
    before = what()
    yield
    wait_for(lambda: all(what()[key] - before[key] >= count for key, count in wanted.items()), f"{wanted}")
    assert {key: what()[key] - before[key] for key in wanted} == wanted


def connects(hub, source, port):
    """Is a TCP connection to the site's port taken?"""
    family = hub.family
    with (hub.a.namespace.socket(family.af, socket.SOCK_STREAM) as listener,
          hub.host.socket(family.af, socket.SOCK_STREAM) as client):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((family.say(FAR), port))
        listener.listen(1)
        client.settimeout(1)
        client.bind((family.say(source), 0))
        try:
            client.connect((family.say(FAR), port))
        except TimeoutError:
            return False
        return True


def test_lists_say_who_passes(filtered):
    before = hits(filtered)
    with more(lambda: drops_of(filtered, "vnet0"), acl_in=3, acl_out=0, acl_fragment=0):
        assert filtered.host.ping(FAR, GOOD)
        assert not filtered.host.ping(FAR, BANNED)
        assert not filtered.host.ping(vnet_address(), BANNED), "it may not even ask us"
        assert not filtered.host.ping("10.0.255.36", BANNED)
        assert filtered.host.ping(vnet_address(), GOOD)
    after = hits(filtered)
    assert after["from-vnet", "banned"] - before["from-vnet", "banned"] == 3
    assert after["from-vnet", "(default)"] > before["from-vnet", "(default)"]
    assert after["to-nva", "pings"] - before["to-nva", "pings"] == 1
    assert connects(filtered, GOOD, PORT)
    dropped = drops_of(filtered, "vnet0")["acl_out"]
    assert not connects(filtered, GOOD, PORT + 1)
    assert drops_of(filtered, "vnet0")["acl_out"] > dropped
    assert hits(filtered)["to-nva", "web"] == after["to-nva", "web"] + 1, "one SYN; what follows is established"
    # What we send ourselves is nobody's to filter: BGP, and answers to pings.
    assert filtered.a.namespace.ping(nva_address(), A)
    ports = filtered.bascule.ports()
    assert (ports["vnet0"]["acl_in"], ports["nva0"]["acl_out"], ports["er0"]["urpf"]) == ("from-vnet", "to-nva", "off")


def test_people_read_the_lists(filtered):
    text = filtered.bascule.run("show", "acl").stdout.splitlines()
    assert text[0].split() == ["ACL", "RULE", "ACTION", "HITS"]
    rows = [line.split()[:3] for line in text[1:]]
    from_vnet, to_nva = config_of_both(filtered.bascule.config)["acls"]
    assert rows == [*([["to-nva", rule["name"], "permit"] for rule in to_nva["rules"]]), ["to-nva", "(default)", "deny"],
                    *([["from-vnet", rule["name"], "deny"] for rule in from_vnet["rules"]]), ["from-vnet", "(default)", "permit"]], "in the order of ports"


def test_a_reload_loses_nothing_and_passes_nothing(filtered):
    """Lists come and go while two sources send: the permitted one loses nothing, the other never arrives."""
    a = filtered.a.namespace
    same = hits(filtered)["to-nva", "pings"]
    with (UdpFlow(filtered.host, GOOD, a, FAR, rate=2000) as good, UdpFlow(filtered.host, BANNED, a, FAR) as banned):
        for i in range(12):
            good.wait_more(100)
            put(filtered, [OTHER if i % 2 else ONE, TO_NVA], vnet0={"acl_in": "from-vnet"}, nva0={"acl_out": "to-nva"})
        good.wait_more(100)
        wait_for(lambda: banned.sent > 100, "the banned source's datagrams")
    assert (good.lost, good.doubled, good.corrupted) == ([], [], 0), filtered.bascule.losses()
    assert banned.sent and not banned.received
    assert hits(filtered)["to-nva", "pings"] == same, "a list that stays as it is keeps its hits"
    assert hits(filtered)["to-nva", "datagrams"] >= good.sent


def test_a_bad_list_changes_nothing(filtered):
    before = hits(filtered)
    filtered.bascule.config["acls"] = [{**ONE, "rules": [{**BAN, "protocol": "tcp", "source_ports": "9-1"}]}, TO_NVA]
    filtered.bascule.write_config()
    done = filtered.bascule.run("reload", check=False)
    assert done.returncode
    assert ("acls.from-vnet.rules.banned.source_ports: \"9-1\" is not a range of ports" in done.stdout + done.stderr)
    assert set(hits(filtered)) == set(before)
    assert not filtered.host.ping(FAR, BANNED) and filtered.host.ping(FAR, GOOD)


def test_fragments_are_as_their_rules(filtered, family):
    """A packet in parts passes where its first part does; what could deceive a list does not pass at all."""
    text = "0123456789abcdef" * 200
    a = filtered.a.namespace
    with (a.socket(family.af, socket.SOCK_DGRAM) as receiver,
          filtered.host.socket(family.af, socket.SOCK_DGRAM) as sender):
        receiver.bind((family.say(FAR), PORT))
        receiver.settimeout(10)
        sender.bind((family.say(GOOD), 0))
        if family is V4:
            sender.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, 0)
        sender.sendto(text.encode(), (family.say(FAR), PORT))
        assert receiver.recv(65536).decode() == text
    mac = filtered.bascule.ports()["vnet0"]["mac"], filtered.host.mac("vnet")
    overlap = part(ip(family, GOOD, FAR, b"x" * 24, TCP), 1)
    with RawPort(filtered.host, "vnet") as raw, more(lambda: drops_of(filtered, "vnet0"), acl_fragment=2):
        raw.send(ethernet(*mac, overlap, family.ethertype))
        raw.send(ethernet(*mac, ip(family, GOOD, FAR, b"x" * 8, TCP), family.ethertype))


def test_sources_lie_where_they_come_from(filtered, family):
    """nva-a sends as itself, as a host of its site, as one of the VPN's branch, and as nobody."""
    mac = filtered.bascule.ports()["nva0"]["mac"], filtered.a.namespace.mac("nva")
    sources = [A, FAR, BRANCH_HOST, "203.0.113.5"]

    def passed(mode, failed):
        put(filtered, [], nva0={"urpf": mode})
        with (RawPort(filtered.a.namespace, "nva") as raw, more(lambda: drops_of(filtered, "nva0"), urpf=failed),
              Sniffer(filtered.host, "vnet", lambda p: protocol(p) == UDP and addresses(p)[1] == GOOD) as wire):
            for source in sources:
                raw.send(ethernet(*mac, ip(family, source, GOOD, udp(1, 2)), family.ethertype))
            wait_for(lambda: wire.count == len(sources) - failed, "those that may pass")
        return [addresses(packet)[0] for packet in wire.packets]

    assert passed("off", 0) == sources
    assert passed("strict", 2) == [A, FAR]
    assert passed("loose", 1) == [A, FAR, BRANCH_HOST]
    assert filtered.bascule.ports()["nva0"]["urpf"] == "loose"


def test_sessions_come_up_through_filters(filtered, undisturbed):
    """Strict everywhere, and lists that deny all but BGP, ARP being no packet: a gateway's session and its route return."""
    bgp = {"name": "bgp", "default": "deny", "rules": [
        {"name": "to-us", "action": "permit", "protocol": "tcp", "destination_ports": 179},
        {"name": "by-us", "action": "permit", "protocol": "tcp", "source_ports": 179}]}
    put(filtered, [bgp], **{name: {"urpf": "strict", "acl_in": "bgp"} for name in ("er0", "vpn0", "nva0", "vnet0")})
    us = SPEAKERS["nva-b"][4]
    before = filtered.b.session(us)
    filtered.bascule.run("peer", "nva-b", "reset")
    wait_for(lambda: filtered.bascule.established("nva-b") and filtered.b.session(us) not in (None, before), "it is back")
    undisturbed.add("nva-b")
    assert not filtered.host.ping(FAR, GOOD)
    filtered.b.announce("172.16.10.0/24", 65002)
    filtered.wait_next_hops("172.16.10.0/24", B)
