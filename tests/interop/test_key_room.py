"""200 NVAs with a TCP-MD5 key each, on a host whose bound on socket options has room for some 140 of them: the others are
barred and told why, a reset says what it met, and all heal once the bound is raised, without a restart."""

from pathlib import Path

import pytest

from bascule import Bascule
from daemons import Bird, Neighbor
from lab import named_lab, wait_for
from networks import ASN, instance_config, nva_address

PEERS = 200
BOUND = Path("/proc/sys/net/core/optmem_max")
KEY = "a key of the test's"


def address(i):
    return f"10.0.2.{20 + i}"


class Bound:
    """Of the namespace, or of the whole host where namespaces have none of their own (Linux before 6.8)."""

    def __init__(self, namespace):
        self._run = namespace.run
        self._own = not namespace.run("test", "-e", BOUND, check=False).returncode
        self.before = self.get()

    def get(self):
        return self._run("cat", BOUND).stdout.strip() if self._own else BOUND.read_text().strip()

    def set(self, value):
        if self._own:
            self._run("sysctl", "-qw", f"net.core.optmem_max={value}")
        else:
            BOUND.write_text(f"{value}\n")


@pytest.fixture(scope="module")
def crowd():
    with named_lab(__name__) as lab:
        rs = lab.namespace("rs")
        for lan in ("er", "vpn", "nva", "vnet"):
            rs.join(lab.lan(lan), f"{lan}0")
            rs.keep_kernel_off(f"{lan}0")
        key = lab.dir / "key"
        key.write_text(f"{KEY}\n")
        config = instance_config()
        del config["gateways"]
        config["peers"] = [{"name": f"nva-{i}", "address": address(i), "asn": 65001, "passive": True,
                            "password_file": str(key)} for i in range(PEERS)]
        bascule, bound = Bascule(rs, "a", config), Bound(rs)
        bound.set(20480)
        try:
            bascule.start()
            yield lab, bascule, bound
        finally:
            bound.set(bound.before)


def barred(bascule):
    return [name for name, row in bascule.peers().items()
            if "no room for its TCP-MD5 key: raise net.core.optmem_max, which is 20480" in row["last_error"]]


def test_who_found_no_room_heals_when_there_is_some(crowd):
    lab, bascule, bound = crowd
    names = wait_for(lambda: barred(bascule), "peers without room for their keys")
    assert 20 < len(names) < PEERS
    last = names[-1]
    said = bascule.run("peer", last, "reset").stdout
    assert said.startswith(f"There was no session with {last} (") and "net.core.optmem_max" in said
    assert last in barred(bascule)
    nva = lab.namespace("nva")
    nva.join(lab.lans["nva"], "nva", f"{address(int(last.partition('-')[2]))}/24")
    speaker = Bird(nva, 65001, "10.0.2.4", [Neighbor(nva_address(), ASN, password=KEY)])
    speaker.start()
    bound.set(262144)
    wait_for(lambda: not barred(bascule), "room for all")
    bascule.wait_established(last)
    assert bascule.run("peer", last, "reset").stdout == f"The session with {last} is closed; it is set up anew.\n"
    bascule.wait_established(last)
