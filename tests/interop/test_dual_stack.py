"""Both families by sessions of every kind with every daemon: over IPv4, over IPv6 (with a key and a TTL where the daemon has
them), one session a family, and over link-local addresses. Where a speaker has no IPv4 address on the LAN, its IPv4 routes
have IPv6 next hops (RFC 8950), and so have ours for it.

    host ── vnet0  Bascule  nva0 ──┬ four daemons
                                   └ ... by four kinds of sessions
"""

import re
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

from bascule import Bascule
from dual_stack import DAEMONS, FAMILIES, Session, address, host, network
from lab import named_lab, wait_for
from networks import ASN, VNET

KEY = "a-key-of-RFC-2385"
US4, US6 = "10.0.2.1", "2001:db8:2::1"
HOSTS = {"ipv4": "10.0.1.10", "ipv6": "2001:db8:1::10"}

# A kind of speaker: its sessions, by the addresses that they are over, and the families of each.
KINDS = {
    "over-ipv4": {"ipv4": FAMILIES},
    "over-ipv6": {"ipv6": FAMILIES},
    "one-each": {"ipv4": ("ipv4",), "ipv6": ("ipv6",)},
    "link-local": {"link-local": FAMILIES},
}
WITHOUT_IPV4 = ("over-ipv6", "link-local")  # on the LAN
SECURED = WITHOUT_IPV4
PASSIVE = ("link-local",)  # BIRD: the first calls meet duplicate address detection
NO_KEY = ("openbgpd", "gobgp-link-local")  # on Linux; with a zone
SPEAKERS = {f"{daemon}-{kind}": (daemon, kind, 16 + 4 * j + i)
            for i, daemon in enumerate(DAEMONS) for j, kind in enumerate(KINDS)}


def security(daemon, kind):
    """What a session asks for beside: (password, hops)"""
    if kind not in SECURED:
        return "", 0
    return "" if daemon in NO_KEY or f"{daemon}-{kind}" in NO_KEY else KEY, 1


def has_ipv4(daemon, kind):
    """OpenBGPD 7.7 knows nothing of RFC 8950."""
    return kind not in WITHOUT_IPV4 or daemon == "openbgpd"


def in_use(name):
    """The families whose routes of it packets can follow. OpenBGPD takes the first address of the host's loopback interface for
    its own in the family that a session is not over."""
    daemon, kind, _ = SPEAKERS[name]
    if daemon != "openbgpd":
        return FAMILIES
    return tuple(family for family in FAMILIES if (family == "ipv4") in {over == "ipv4" for over in KINDS[kind]})


def sessions(name):
    """{name of the peer: (what its address is of, families)}"""
    _, kind, _ = SPEAKERS[name]
    return {f"{name}-{over}" if len(KINDS[kind]) > 1 else name: (over, families) for over, families in KINDS[kind].items()}


def peers(key):
    for name, (daemon, kind, number) in SPEAKERS.items():
        password, hops = security(daemon, kind)
        for peer, (over, families) in sessions(name).items():
            at = address(number, over)
            more = {"password_file": str(key)} if password else {}
            yield {"name": peer, "address": f"{at}%nva0" if over == "link-local" else at, "asn": 65000 + number,
                   "families": list(families), "ttl_security": hops, **more}


def config(key):
    return {
        "instance": {"asn": ASN, "router_id": US4},
        "exchange": {"enabled": True, "nva_to_nva": "always"},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 800, "ports": [
            {"name": "nva0", "role": "nva", "addresses": [f"{US4}/24", f"{US6}/64"]},
            {"name": "vnet0", "role": "vnet", "addresses": ["10.0.1.4/24", "2001:db8:1::4/64"]}]},
        "control": {"lcores": [1], "restart_s": 60},
        "vnet": [{"prefix": VNET, "port": "vnet0"}],
        "peers": list(peers(key)),
    }


def link_local(mac):
    """RFC 4291 appendix A."""
    octets = [int(octet, 16) for octet in mac.split(":")]
    octets[0] ^= 2
    words = zip(*[iter(octets[:3] + [0xFF, 0xFE] + octets[3:])] * 2)
    return "fe80::" + ":".join(f"{a << 8 | b:x}" for a, b in words)


def speaker(net, name):
    daemon, kind, number = SPEAKERS[name]
    namespace = net.lab.namespace(name)
    addresses = [f"{address(number, 'ipv6')}/64", f"{address(number, 'link-local')}/64"]
    if has_ipv4(daemon, kind):
        addresses.insert(0, f"{address(number, 'ipv4')}/24")
    namespace.join(net.lab.lans["nva"], "eth0", *addresses)
    for family in FAMILIES:
        namespace.host_address(host(number, family))
    via = US4 if has_ipv4(daemon, kind) else ("inet6", US6)
    if daemon in ("gobgp", "openbgpd"):  # which leave the kernel's routes alone
        namespace.ip("route", "add", VNET, "via", *([via] if isinstance(via, str) else via))
    namespace.ip("-6", "route", "add", "2001:db8:1::/64", "via", US6)
    password, hops = security(daemon, kind)
    ours = {"ipv4": US4, "ipv6": US6, "link-local": net.link_local}
    return DAEMONS[daemon](namespace, 65000 + number, f"10.0.2.{number}",
                           [Session(ours[over], ASN, password=password, ttl_security=hops, families=families, passive=kind in PASSIVE)
                            for over, families in KINDS[kind].items()],
                           [network(number, family) for family in FAMILIES])


@pytest.fixture(scope="module")
def net():
    with named_lab(__name__) as lab:
        net = types.SimpleNamespace(lab=lab, rs=lab.namespace("rs"), host=lab.namespace("host"))
        for lan in ("nva", "vnet"):
            net.rs.join(lab.lan(lan), f"{lan}0")
            net.rs.keep_kernel_off(f"{lan}0")
        net.link_local = link_local(net.rs.mac("nva0"))
        net.host.join(lab.lans["vnet"], "eth0", f"{HOSTS['ipv4']}/24", f"{HOSTS['ipv6']}/64")
        net.host.ip("route", "add", "default", "via", "10.0.1.4")
        net.host.ip("-6", "route", "add", "default", "via", "2001:db8:1::4")
        key = lab.dir / "key"
        key.write_text(f"{KEY}\n")
        key.chmod(0o600)
        net.speakers = {name: speaker(net, name) for name in SPEAKERS}
        with ThreadPoolExecutor(4) as threads:  # a process ends with the thread that has started it
            list(threads.map(lambda made: made.start(), net.speakers.values()))
            net.bascule = Bascule(net.rs, "a", config(key))
            net.bascule.start()
            yield net


@pytest.fixture(params=SPEAKERS)
def name(net, request):
    """A speaker whose sessions are up, and whose routes are in use."""
    wait_for(lambda: net.bascule.established(*sessions(request.param)), f"sessions: {whys(net, request.param)}", 20)
    wait_for(lambda: all(used(net, request.param, family) for family in in_use(request.param)), f"routes of {request.param}")
    return request.param


def whys(net, name):
    return {peer: net.bascule.peer(peer)["last_error"] for peer in sessions(name)}


def used(net, name, family):
    """Do packets follow its route, as far as tables tell?"""
    return network(SPEAKERS[name][2], family) in net.bascule.fib("vnet")


def reached(net, name, family):
    return net.host.ping(host(SPEAKERS[name][2], family))


def test_sessions_routes_and_packets(net, name):
    daemon, kind, number = SPEAKERS[name]
    for peer, (over, families) in sessions(name).items():
        shown = net.bascule.peer(peer)
        assert shown["address"].startswith(address(number, over))
    for route in net.bascule.cli("show", "routes", network(number, "ipv4")):
        assert (":" in route["next_hop"]) == (not has_ipv4(daemon, kind)), route
    for family in in_use(name):
        wait_for(lambda f=family: reached(net, name, f), f"an answer by {family}: {net.bascule.losses()}")
    wait_for(lambda: net.speakers[name].knows(VNET), "the VNet's route")


def test_what_is_negotiated_is_shown(net, name):
    daemon, kind, _ = SPEAKERS[name]
    for peer, (over, families) in sessions(name).items():
        capabilities = net.bascule.peer(peer)["capabilities"]
        assert {family for family in FAMILIES if f"{family}-unicast" in capabilities} == set(families), capabilities
        offers = daemon in ("bird", "gobgp") or (daemon == "frr" and over != "ipv4")
        assert ("extended-next-hop" in capabilities) == (offers and "ipv4" in families), capabilities


def test_routes_are_told_again_when_asked_for(net, name):
    """RFC 2918, for each family. OpenBGPD 7.7 has the capability and ignores requests."""
    if SPEAKERS[name][0] == "openbgpd":
        pytest.skip("it does not answer")
    for peer, (_, families) in sessions(name).items():
        before = net.bascule.peer(peer)["rx_updates"]
        net.bascule.run("peer", peer, "reset", "--soft-in")
        wait_for(lambda p=peer, n=before + len(families): net.speakers[name].nudge() or net.bascule.peer(p)["rx_updates"] >= n,
                 "an UPDATE of each family")


def test_routes_are_told_again_when_the_peer_asks(net, name):
    if not hasattr(net.speakers[name], "ask_again"):
        pytest.skip("it asks for nothing")
    before = {peer: net.bascule.peer(peer)["tx_updates"] for peer in sessions(name)}
    net.speakers[name].ask_again()
    for peer, (_, families) in sessions(name).items():
        wait_for(lambda p=peer, n=len(families): net.bascule.peer(p)["tx_updates"] >= before[p] + n, "an UPDATE of each family")


@pytest.mark.parametrize("gone,stays", (("ipv4", "ipv6"), ("ipv6", "ipv4")))
@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_session_that_goes_takes_its_family_alone(net, daemon, gone, stays):
    name = f"{daemon}-one-each"
    number = SPEAKERS[name][2]
    wait_for(lambda: net.bascule.established(*sessions(name)) and all(used(net, name, family) for family in FAMILIES), "both")
    up = net.bascule.peer(f"{name}-{stays}")["established"]
    net.bascule.run("peer", f"{name}-{gone}", "shutdown")
    wait_for(lambda: not used(net, name, gone), "the end of its routes")
    assert used(net, name, stays) and reached(net, name, stays)
    net.bascule.run("peer", f"{name}-{gone}", "start")
    wait_for(lambda: used(net, name, gone), "their return")
    assert net.bascule.peer(f"{name}-{stays}")["established"] == up and network(number, stays) in net.bascule.fib("vnet")


@pytest.mark.parametrize("kind", WITHOUT_IPV4)
def test_a_next_hop_that_is_nobodys_costs_its_route_alone(net, kind):
    """RFC 7606 7.3, and one event that says so."""
    name = f"openbgpd-{kind}"
    prefix = network(SPEAKERS[name][2], "ipv4")
    wait_for(lambda: used(net, name, "ipv6"), f"its IPv6 route: {whys(net, name)}")
    event, = (event for event in net.bascule.cli("show", "events") if event.get("peer") == name and event["kind"] == "malformed")
    assert prefix in event["text"] and "treated as withdrawn" in event["text"] and "loopback" in event["text"] and "RFC" in event["text"]
    assert net.bascule.peer(name)["established"] == 1


@pytest.mark.parametrize("daemon", ("bird", "frr", "gobgp"))  # OpenBGPD helps others, and promises nothing
def test_routes_stay_while_a_daemon_is_away(net, daemon):
    """RFC 4724: it is killed and started again; its kernel forwards meanwhile. Once it is back what it says counts, and a
    daemon that has lost its state does not say that it kept forwarding."""
    name = f"{daemon}-over-ipv6"
    made = net.speakers[name]
    wait_for(lambda: all(reached(net, name, family) for family in FAMILIES), f"answers: {whys(net, name)}")
    made.kill()
    wait_for(lambda: not stays_until(net, name), "the end of its session")
    assert net.bascule.peer(name)["stale"] == len(FAMILIES) and all(reached(net, name, family) for family in FAMILIES)
    made.start()
    wait_for(lambda: stays_until(net, name), "its return")
    wait_for(lambda: not net.bascule.peer(name)["stale"] and all(used(net, name, family) for family in FAMILIES), "its routes")


def stays_until(net, name):
    """Is its session up? While it is not, its routes are in use."""
    there = all(used(net, name, family) for family in FAMILIES)
    up = net.bascule.peer(name)["state"] == "Established"
    assert there or up
    return up


def test_packets_pass_while_control_is_away(net):
    """Without OpenBGPD, which may let nobody in for half a minute when a session has gone."""
    for name in SPEAKERS:
        if SPEAKERS[name][0] == "openbgpd":
            for peer in sessions(name):
                net.bascule.run("peer", peer, "shutdown")
    pings = [net.host.start(f"ping-{name}-{family}", "ping", "-n", "-i", "0.02", host(SPEAKERS[name][2], family))
             for name in ("bird-over-ipv6", "frr-link-local", "gobgp-one-each") for family in in_use(name)]
    wait_for(lambda: all(ping.log().count("bytes from") >= 10 for ping in pings), "answers to all")
    before = net.bascule.fib("vnet").keys()
    net.bascule.control.kill()
    net.bascule.start_control()
    net.bascule.wait_established(*(peer for name in SPEAKERS if SPEAKERS[name][0] != "openbgpd" for peer in sessions(name)))
    wait_for(lambda: not net.bascule.summary()["restarting"], "end of the restart")
    assert net.bascule.fib("vnet").keys() == before
    for ping in pings:
        ping.stop()
        answered = {int(number) for number in re.findall("bytes from .* icmp_seq=([0-9]+)", ping.log())}
        assert answered == set(range(1, max(answered) + 1)), ping.name  # the last ones may be on their way
