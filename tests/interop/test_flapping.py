"""A route that two devices tell each other of for ever: alarmed by name, then held, and quiet.

    origin  10.0.2.4  AS 65001 ─────┐
    box-in  10.0.2.5  AS 65010 ─────┤ nva0 ── Bascule, AS 65515
    box-out 10.0.2.6  AS 65010 ─────┘

A site has two BIRDs. `box-in` learns from us and tells `box-out`, by iBGP; that tells us, without the private AS numbers in it. So
what the origin announces comes back as the site's own, with a shorter path; that is the best then, `box-in` is told of it, and
refuses it for its own AS number. So the site takes back what it tells, hears of the origin's path again, tells it, and so
on, as fast as all can."""


import pytest

from bascule import Bascule
from daemons import Bird, Exabgp, Neighbor
from daemons.bird import _protocol
from lab import named_lab, wait_for

US, ORIGIN, IN, OUT = "10.0.2.1", "10.0.2.4", "10.0.2.5", "10.0.2.6"
ASN, ORIGIN_AS, BOX_AS = 65515, 65001, 65010
PREFIX = "198.51.100.0/24"


class Learns(Bird):
    """Of what it hears from us it tells its mate, and us nothing."""

    us, mate, to_us, to_mate = IN, OUT, "import table on; import all; export none;", \
        "import none; next hop self; export where source = RTS_BGP;"

    def config(self):
        def session(neighbor, asn, channel):
            return (f"protocol bgp {_protocol(neighbor)} {{ local {self.us} as {BOX_AS}; neighbor {neighbor} as {asn}; "
                    f"connect delay time 1; connect retry time 1; error wait time 1, 2; ipv4 {{ {channel} }}; }}\n")

        return (f"router id {self.router_id};\nlog stderr all;\ntimeformat protocol iso long us;\nprotocol device {{}}\n"
                "protocol direct { ipv4; }\nfunction no_private() { bgp_path.delete([64512..65534]); }\n"
                + session(US, ASN, self.to_us) + session(self.mate, BOX_AS, self.to_mate))


class Tells(Learns):
    """Of what its mate has it tells us, and hears nothing from us."""

    us, mate, to_us, to_mate = OUT, IN, \
        "import none; export filter { if source != RTS_BGP then reject; no_private(); accept; };", "import all; export none;"


class Net:
    def __init__(self, lab):
        rs, origin, box, mate = (lab.namespace(name) for name in ("rs", "origin", "box-in", "box-out"))
        lan = lab.lan("nva")
        rs.join(lan, "nva0")
        rs.keep_kernel_off("nva0")
        origin.join(lan, "nva", f"{ORIGIN}/24")
        box.join(lan, "nva", f"{IN}/24")
        mate.join(lan, "nva", f"{OUT}/24")
        self.bascule = Bascule(rs, "a", {
            "instance": {"asn": ASN, "router_id": US},
            "exchange": {"nva_to_nva": "always"},
            "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 512,
                          "ports": [{"name": "nva0", "role": "nva", "addresses": [f"{US}/24"]}]},
            "control": {"flap_hold_s": 0},
            "peers": [{"name": "origin", "address": ORIGIN, "asn": ORIGIN_AS},
                      {"name": "box-in", "address": IN, "asn": BOX_AS},
                      {"name": "box-out", "address": OUT, "asn": BOX_AS}],
        })
        self.origin = Exabgp(origin, ORIGIN_AS, ORIGIN, [Neighbor(US, ASN)])
        self.box = Learns(box, BOX_AS, IN, [])
        self.mate = Tells(mate, BOX_AS, OUT, [])

    def start(self):
        self.bascule.start()
        self.origin.start()
        self.box.start()
        self.mate.start()
        self.bascule.wait_established()

    def hold_for(self, seconds):
        self.bascule.config["control"]["flap_hold_s"] = seconds
        self.bascule.write_config()
        self.bascule.run("reload")

    def teller(self):
        return self.bascule.peer("box-out")

    def alarm(self):
        """The text of the one alarm that there may be of prefixes that change."""
        texts = [alarm["text"] for alarm in self.bascule.summary()["alarms"] if alarm["kind"] == "flapping"
                 and alarm["peer"] == "box-out"]
        assert len(texts) < 2
        return texts[0] if texts else None

    def path_of(self, peer):
        return next((row for row in self.bascule.cli("show", "routes", PREFIX) if row["peer"] == peer), None)

    def held(self):
        """What waits while the box's path is held; None: it is not."""
        return (self.path_of("box-out") or {}).get("held")

    def round_trip(self, number):
        """What we were to say before this has been said and answered: a new route has gone all the way round."""
        marker = f"203.0.113.{number}/32"
        self.origin.announce(marker, ORIGIN_AS)  # no shorter path can come back
        wait_for(lambda: marker in self.box.received(US), f"{marker} at the box")
        wait_for(lambda: any(row["peer"] == "box-out" for row in self.bascule.routes()[marker]), f"{marker} back")


@pytest.fixture(scope="module")
def net(request):
    with named_lab(request.module.__name__) as lab:
        net = Net(lab)
        net.start()
        yield net


def test_without_a_hold_it_churns_and_is_alarmed_by_name(net):
    net.origin.announce(PREFIX, ORIGIN_AS, ORIGIN_AS, ORIGIN_AS)
    wait_for(lambda: net.teller()["changes"] > 1500, "more changes than any bound", 60)
    assert net.alarm() == f"{PREFIX}: changed more than 30 times a minute"
    assert net.teller()["flapping"] == 1 and net.teller()["flap_held"] == 0
    assert any(event["kind"] == "flap" and event["peer"] == "box-out" and PREFIX in event["text"]
               for event in net.bascule.cli("show", "events"))
    assert not net.bascule.peer("origin")["flapping"]


def test_it_is_held_and_quiet(net):
    net.hold_for(600)
    wait_for(lambda: net.teller()["flap_held"] == 1, "the hold", 60)
    wait_for(lambda: net.held() == "withdrawn", "the box's last word")
    assert net.alarm() == f"{PREFIX}: changed more than 30 times a minute; held as they were: 1"
    best = net.path_of("box-out")
    assert best["best"] and best["as_path"] == str(BOX_AS)
    assert "held, its peer says: withdrawn" in net.bascule.run("show", "routes", PREFIX).stdout
    before = net.teller()["changes"], net.bascule.peer("box-in")["tx_updates"]
    for number in range(5):
        net.round_trip(number)
    assert net.teller()["changes"] == before[0], "its prefix does not change any more"
    assert net.bascule.peer("box-in")["tx_updates"] <= before[1] + 5, "nor is anybody told of it"


def test_what_is_let_go_loops_on_and_is_held_again_soon(net):
    before = net.teller()["changes"]
    net.bascule.run("peer", "box-out", "reset", "--soft-in")
    wait_for(lambda: net.teller()["changes"] > before and net.held() == "withdrawn", "the next hold", 60)
    assert 30 < net.teller()["changes"] - before < 40


def test_the_end_of_the_cause_is_the_end_of_it(net):
    net.origin.withdraw(PREFIX)
    wait_for(lambda: not net.path_of("origin"), "the origin's withdrawal")
    assert net.held() == "withdrawn"
    net.hold_for(0)
    wait_for(lambda: PREFIX not in net.bascule.routes(), "nothing is held any more")
    assert net.teller()["flap_held"] == 0
