"""S05, S09 and S14: how the AS path and the communities are changed on the way out: private AS numbers removed, the
receiver's own number replaced, the platform's communities. Each is switched live. Announcements are ExaBGP's, with
both kinds of gateways (hub.py)."""

import pytest

from hub import A, B, GATEWAYS, SPEAKERS, running_hub
from lab import wait_for
from networks import ASN, nva_address
from speaker import Speaker, attributes, open_message, update

PREFIX = "172.16.1.0/24"


@pytest.fixture(scope="module", params=GATEWAYS)
def hub(request):
    with running_hub(f"test_s09_as_path.{request.param}", gateways=request.param) as hub:
        hub.bascule.exchange(True)
        yield hub


@pytest.fixture(autouse=True)
def no_session_moves(request, hub):
    sessions = hub.sessions()
    yield
    hub.withdraw_all()
    if "resets" not in request.node.name:
        assert hub.sessions() == sessions


def configured(hub, which, name):
    """A gateway's or a peer's group of the configuration."""
    return next(group for group in hub.bascule.config[which] if group["name"] == name)


def wait_path(hub, name, *path):
    hub.wait(f"path {path} at {name}", lambda: PREFIX in hub.told(name) and hub.told(name)[PREFIX].as_path == path)


def test_s09_private_as_numbers_leave_the_path_towards_expressroute(hub):
    # As the gateway would: prepended or not, only public numbers are left.
    hub.a.announce(PREFIX, 65001, 65001, 65001, 3356)
    wait_path(hub, "ergw", 65001, 65001, 65001, 3356)
    configured(hub, "gateways", "ergw")["remove_private_as"] = True
    hub.reload()
    wait_path(hub, "ergw", 3356)
    assert hub.bascule.peer("ergw/0")["remove_private_as"]
    hub.a.announce(PREFIX, 65001)
    wait_path(hub, "ergw")
    wait_path(hub, "vpngw0", 65001)
    configured(hub, "gateways", "ergw")["remove_private_as"] = False
    hub.reload()
    wait_path(hub, "ergw", 65001)


def test_s09_advertised_routes_show_what_is_sent(hub):
    hub.a.announce(PREFIX, 65001, 3356)
    configured(hub, "peers", "nva-b")["remove_private_as"] = True
    hub.reload()
    wait_path(hub, "nva-b", ASN, 3356)
    sent = {row["prefix"]: row for row in hub.bascule.cli("show", "routes", "--peer", "nva-b", "--advertised")}
    assert sent[PREFIX]["as_path"] == f"{ASN} 3356"
    configured(hub, "peers", "nva-b")["remove_private_as"] = False
    hub.reload()
    wait_path(hub, "nva-b", ASN, 65001, 3356)


def test_s14_as_override_towards_a_peer_with_the_same_number(hub):
    # Two sites of AS 65002: without it B is told, and finds its own number in the path (S05).
    hub.a.announce(PREFIX, 65001, 65002, 3356)
    wait_path(hub, "nva-b", ASN, 65001, 65002, 3356)
    configured(hub, "peers", "nva-b")["as_override"] = True
    hub.reload()
    wait_path(hub, "nva-b", ASN, 65001, ASN, 3356)
    wait_path(hub, "ergw", 65001, 65002, 3356)
    configured(hub, "peers", "nva-b")["as_override"] = False
    hub.reload()
    wait_path(hub, "nva-b", ASN, 65001, 65002, 3356)


def test_platform_communities_switched_off_and_on(hub):
    def marks(name):
        routes = hub.told(name)
        return {prefix: routes[prefix].communities for prefix in routes}

    on = {"10.0.0.0/16": (), "10.4.0.0/16": ("65518:65518",), PREFIX: ("65001:7", "65517:65517")}
    off = {"10.0.0.0/16": (), "10.4.0.0/16": (), PREFIX: ("65001:7",)}
    hub.a.announce(PREFIX, 65001, communities=["65001:7"])
    hub.wait("the marks", lambda: all(marks(name) == on for name in SPEAKERS if name != "nva-a"))
    hub.bascule.config["control"]["platform_communities"] = False
    hub.reload()
    hub.wait("no marks", lambda: all(marks(name) == off for name in SPEAKERS if name != "nva-a"))
    assert not hub.bascule.summary()["platform_communities"]
    # What another route server marked is dropped all the same.
    before = hub.bascule.peer("ergw/0")["bow_tie"]
    hub.er.announce("10.3.0.0/16", 12076, communities=["65517:65517"])
    hub.wait("the bow tie", lambda: hub.bascule.peer("ergw/0")["bow_tie"] == before + 1)
    hub.bascule.config["control"]["platform_communities"] = True
    hub.reload()
    hub.wait("the marks again", lambda: all(marks(name) == on for name in SPEAKERS if name != "nva-a"))


def test_changes_told_while_the_words_change(hub):
    # Withdrawals and announcements around the switch: the peer ends with what there is, in the new words.
    keep, gone = [f"172.20.{i}.0/24" for i in range(50)], [f"172.21.{i}.0/24" for i in range(50)]
    for prefix in keep + gone:
        hub.a.announce(prefix, 65001)
    hub.wait("all of them", lambda: set(keep + gone) <= set(hub.told("nva-b")))
    configured(hub, "peers", "nva-b")["remove_private_as"] = True
    hub.a.withdraw(*gone)
    hub.reload()
    hub.wait("the rest, in the new words", lambda: {prefix for prefix, route in hub.told("nva-b").items()
                                                    if route.as_path == (ASN,)} == {*keep, "10.0.0.0/16", "10.4.0.0/16"}
             and not set(gone) & set(hub.told("nva-b")))
    configured(hub, "peers", "nva-b")["remove_private_as"] = False
    hub.reload()


def test_s14_as_zero_is_dropped_and_counted_resets(hub):
    # No daemon says so: a few lines of our own play NVA B for a moment.
    hub.b.kill()
    hub.wait("end of B's session", lambda: not hub.bascule.established("nva-b"))
    before = hub.bascule.peer("nva-b")["as_zero"]
    with_zero = update(["10.66.0.0/16", "10.67.0.0/16"], attributes(B, [65002, 0, 65010]))
    peer = Speaker(hub.b.namespace, B, nva_address())
    peer.send(open_message(65002, B))
    while peer.receive()[0] != 4:  # until its KEEPALIVE
        pass
    peer.send(b"\xff" * 16 + b"\x00\x13\x04")
    peer.send(update(["10.68.0.0/16"], attributes(B, [65002])) + with_zero)
    hub.wait("the count", lambda: hub.bascule.peer("nva-b")["as_zero"] == before + 2)
    assert hub.bascule.established("nva-b")
    hub.wait("the route beside it", lambda: hub.next_hops("10.68.0.0/16") == {B})
    assert not {"10.66.0.0/16", "10.67.0.0/16"} & set(hub.bascule.routes())
    peer.socket.close()
    hub.b.start()
    hub.wait_established()
    wait_for(lambda: "10.68.0.0/16" not in hub.bascule.routes(), "end of what was played")
