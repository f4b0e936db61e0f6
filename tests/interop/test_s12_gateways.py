"""S12: which VPN gateways take part in route exchange.

Topology: hub.py, every announcement is ExaBGP's, with both kinds of gateways; exchange is on. Expected: of a
gateway with one instance up the VNets use the routes, nobody else hears of them, and it hears of the VNets alone;
it is shown as unsupported, with an alarm. With the second instance it takes part, and goes on if one fails later,
also when we restart meanwhile. allow_single_instance lets a single one take part, and the events say so; another AS
number makes the sessions eBGP."""

import pytest

from families import both_families, seen
from hub import ER, GATEWAYS, SPEAKERS, VNETS, VPN, running_hub

pytestmark = both_families
SITE, BEHIND_A, ONPREM = "10.10.0.0/16", "172.16.1.0/24", "10.20.0.0/16"
LATER, NEW_VNET = "172.16.2.0/24", "10.5.0.0/16"


def configure(config):
    config["control"]["restart_s"] = 10  # or it waits half a minute for an instance that is away


@pytest.fixture(scope="module", params=GATEWAYS)
def shared_hub(request):
    with running_hub(f"test_s12_gateways.{request.param}", configure, gateways=request.param, both=True) as hub:
        hub.bascule.exchange(True)
        yield hub


@pytest.fixture(scope="module")
def hub(shared_hub, family):
    hub = seen(shared_hub, family)
    hub.a.announce(BEHIND_A, 65001)
    hub.er.announce(ONPREM, 12076, 65020)
    return hub


def stop_gateway(hub):
    for speaker in (hub.vpn0, hub.vpn1):
        if speaker.running:
            speaker.kill()
    hub.wait("the gateway's end", lambda: not any(hub.bascule.established(f"vpngw/{i}") for i in (0, 1)))


def start(hub, i, *asn):
    """`asn`: its own, if the session is eBGP."""
    speaker = (hub.vpn0, hub.vpn1)[i]
    speaker.start()
    hub.bascule.wait_established(f"vpngw/{i}")
    speaker.announce(SITE, *asn, 65010)
    return speaker


def as_number(hub, asn):
    """The gateway is in another AS: here and there."""
    hub.bascule.config["gateways"][1]["asn"] = asn
    hub.reload()
    for speaker in (hub.vpn0, hub.vpn1):
        speaker.asn = asn


def rest(hub):
    return {name: mark for name, mark in hub.sessions().items() if not name.startswith("vpngw")}


def alarm_events(hub, name):
    """What the events say of a peer's admission, the newest last."""
    return [event["text"] for event in hub.bascule.cli("show", "events")
            if event["kind"] == "alarm" and event.get("peer") == name]


def test_s12_one_instance_is_not_supported_until_the_second_comes(hub):
    others = rest(hub)
    stop_gateway(hub)
    start(hub, 0)
    hub.wait("the site's route", lambda: hub.next_hops(SITE) == {VPN[0]})  # the VNets use it
    peer = hub.bascule.peers()["vpngw/0"]
    assert not peer["supported"] and peer["last_error"].startswith("unsupported: one instance of vpngw")
    assert any("not active-active" in alarm["text"] for alarm in hub.bascule.summary()["alarms"])
    hub.wait("the VNets' routes at the gateway", lambda: VNETS <= set(hub.told("vpngw0")))
    # Nor does the exchange switch change what it takes no part in.
    hub.bascule.exchange(False)
    hub.wait("its end among the others", lambda: not hub.hearers(BEHIND_A))
    hub.bascule.exchange(True)
    hub.a.announce(LATER, 65001, 65001)
    hub.wait("A's routes at the others", lambda: hub.hearers(LATER) == hub.hearers(BEHIND_A) == {"ergw", "nva-b"})
    # What is new to everybody gets to the gateway after what it must not hear of.
    hub.bascule.config["vnet"].append({"prefix": NEW_VNET, "port": "vnet0"})
    hub.reload()
    hub.wait("the new VNet at the gateway", lambda: NEW_VNET in hub.told("vpngw0"))
    assert set(hub.told("vpngw0")) == {*VNETS, NEW_VNET}
    assert not hub.hearers(SITE)
    assert not any(hub.next_hops(SITE, view) for view in ("expressroute", "nva"))
    hub.bascule.config["vnet"].pop()
    hub.reload()
    hub.a.withdraw(LATER)

    session = hub.sessions()["vpngw0"]
    start(hub, 1)
    hub.wait("the site's route at the others", lambda: hub.hearers(SITE) == set(SPEAKERS) - {"vpngw0", "vpngw1"})
    hub.wait("the others' at both", lambda: all({BEHIND_A, ONPREM} <= set(hub.told(f"vpngw{i}")) for i in (0, 1)))
    hub.wait("both in the FIB", lambda: hub.next_hops(SITE, "expressroute") == set(VPN))
    assert hub.bascule.peers()["vpngw/0"]["supported"] and hub.bascule.peers()["vpngw/0"]["last_error"] == ""
    assert not hub.bascule.summary()["alarms"]
    assert hub.sessions()["vpngw0"] == session and rest(hub) == others


def test_s12_an_instance_that_fails_later_leaves_the_other_at_work(hub):
    hub.vpn1.kill()
    hub.wait("its end", lambda: hub.next_hops(SITE, "expressroute") == {VPN[0]})
    assert hub.bascule.peers()["vpngw/0"]["supported"]
    assert hub.hearers(SITE) == set(SPEAKERS) - {"vpngw0", "vpngw1"}
    start(hub, 1)
    hub.wait("both", lambda: hub.next_hops(SITE, "expressroute") == set(VPN))


def test_s12_our_restart_changes_nobodys_part(hub):
    hub.vpn1.kill()
    hub.wait("its end", lambda: hub.next_hops(SITE, "expressroute") == {VPN[0]})
    hub.bascule.control.kill()
    hub.bascule.start_control()
    # It waits for the instance that is away, as long as it may.
    hub.wait("the end of the restart", lambda: not hub.bascule.summary()["restarting"], 90)
    assert hub.bascule.peers()["vpngw/0"]["supported"]
    assert hub.next_hops(SITE, "expressroute") == {VPN[0]}
    hub.wait("the site's route at the others", lambda: hub.hearers(SITE) == set(SPEAKERS) - {"vpngw0", "vpngw1"})
    start(hub, 1)
    hub.wait("both", lambda: hub.next_hops(SITE, "expressroute") == set(VPN))


def test_s12_another_as_works_by_ebgp(hub):
    # Azure supports 65515 alone, and so does profile azure (tests/unit/test_check_azure.cc).
    stop_gateway(hub)
    as_number(hub, 65004)
    start(hub, 0, 65004)
    hub.wait("unsupported", lambda: not hub.bascule.peers()["vpngw/0"]["supported"])
    start(hub, 1, 65004)
    hub.wait("the site's route at the others", lambda: hub.hearers(SITE) == {"ergw", "nva-a", "nva-b"})
    assert hub.told("nva-a")[SITE].as_path == (65515, 65004, 65010)
    assert hub.told("ergw")[SITE].as_path == (65004, 65010)
    for name in ("vpngw0", "vpngw1"):
        hub.wait("the others' routes", lambda n=name: {BEHIND_A, ONPREM} <= set(hub.told(n)))
        paths = {prefix: route.as_path for prefix, route in hub.told(name).items()}
        assert paths == {**dict.fromkeys(VNETS, (65515,)), BEHIND_A: (65515, 65001), ONPREM: (65515, 12076, 65020)}
    stop_gateway(hub)
    as_number(hub, 65515)
    for i in (0, 1):
        start(hub, i)
    hub.wait("both in use", lambda: hub.next_hops(SITE, "expressroute") == set(VPN))


def allow_single_instance(hub, value):
    hub.bascule.config["gateways"][1]["allow_single_instance"] = value
    hub.reload()


def test_s12_allow_single_instance_by_reload(hub):
    stop_gateway(hub)
    start(hub, 1)
    hub.wait("unsupported", lambda: not hub.bascule.peers()["vpngw/1"]["supported"])
    assert "allow_single_instance" not in alarm_events(hub, "vpngw/1")[-1]
    allow_single_instance(hub, True)
    hub.wait("the site's route at the others", lambda: hub.hearers(SITE) == {"ergw", "nva-a", "nva-b"})
    hub.wait("the others' routes", lambda: {BEHIND_A, ONPREM} <= set(hub.told("vpngw1")))
    assert hub.next_hops(ONPREM, "vpn") == {ER}
    assert "allow_single_instance" in alarm_events(hub, "vpngw/1")[-1]
    allow_single_instance(hub, False)
    start(hub, 0)
    hub.wait("both", lambda: hub.next_hops(SITE, "expressroute") == set(VPN))


def test_s12_allow_single_instance_from_the_start(hub):
    stop_gateway(hub)
    allow_single_instance(hub, True)
    before = len(alarm_events(hub, "vpngw/0"))
    start(hub, 0)
    hub.wait("the site's route at the others", lambda: hub.hearers(SITE) == {"ergw", "nva-a", "nva-b"})
    assert hub.bascule.peers()["vpngw/0"]["supported"]
    assert ["allow_single_instance" in text for text in alarm_events(hub, "vpngw/0")[before:]] == [True]
    allow_single_instance(hub, False)
    start(hub, 1)
    hub.wait("both", lambda: hub.next_hops(SITE, "expressroute") == set(VPN))
