"""The configuration from outside: bad files are refused whole, good ones are reloaded without disturbing anybody. (That
each single mistake gets its own complaint is tests/unit/test_config.cc's and its neighbours'.)"""

import contextlib
import copy
import fcntl
import json
import os
import re
import signal

import pytest

from bascule import BUILD, CLI, config_text
from daemons import Bird, Neighbor
from lab import Lab, wait_for
from networks import BRANCH, NVA, ONPREM1, ONPREM2, VNET, instance_config

SECOND_NVA = "10.0.2.5"
SECOND_SITE = "172.16.2.0/24"

MISTAKES = {
    "unknown setting": (lambda c: c["control"].update(lcoers=[1]), ["control.lcoers"]),
    "wrong type": (lambda c: c["instance"].update(asn="x"), ["instance.asn"]),
    "out of range": (lambda c: c["peers"][0].update(hold_s=2), ["peers.nva-a.hold_s"]),
    "duplicate name": (lambda c: c["peers"].append({**c["peers"][0], "address": SECOND_NVA}), ["peers"]),
    "duplicate address": (lambda c: c["peers"].append({**c["peers"][0], "name": "nva-b"}), ["peers.nva-b"]),
    "peer nowhere": (lambda c: c["peers"][0].update(address="192.0.2.1"), ["peers.nva-a"]),
    "port without a lcore": (lambda c: c["dataplane"].update(forwarding_lcores=[]), ["dataplane.forwarding_lcores"]),
    "overlapping VNet": (lambda c: c["vnet"].append({"prefix": "10.0.3.0/24", "port": "vnet0"}), ["vnet"]),
    "single VPN gateway": (lambda c: c["gateways"][1].update(addresses=["10.0.255.4"]), ["gateways.vpngw"]),
    "three at once": (lambda c: (c["instance"].update(asn=0), c["peers"][0].update(hold_s=1), c["control"].update(x=1)),
                      ["instance.asn", "peers.nva-a.hold_s", "control.x"]),
}


@pytest.fixture(scope="module")
def bare_lab():
    """A namespace with the ports' interfaces, and nothing running."""
    with Lab() as lab:
        namespace = lab.namespace("rs")
        lan = lab.lan("lan")
        for port in ("er0", "vpn0", "nva0", "vnet0"):
            namespace.join(lan, port)
        yield namespace


def written(namespace, text):
    path = namespace.lab.dir / "bad.conf"
    path.write_text(text)
    return path


def links_of(namespace):
    """What may not change, which a link that has just been made does: its carrier takes a moment to be known."""
    return {link["ifname"]: (link["address"], link["mtu"], "UP" in link["flags"])
            for link in json.loads(namespace.run("ip", "-json", "link").stdout)}


def named_config(namespace):
    config = instance_config()
    config["instance"]["name"] = f"{namespace.lab.id}x"
    for index, port in enumerate(config["dataplane"]["ports"]):
        port["device"] = f"net_af_packet{index},iface={port['name']}"
    return config


@pytest.mark.bad_input
@pytest.mark.parametrize("which", ["dataplane", "control", "check"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_bad_file_is_refused(bare_lab, which, mistake):
    spoil, places = MISTAKES[mistake]
    config = named_config(bare_lab)
    spoil(config)
    path = written(bare_lab, config_text(config))
    program = BUILD / which / f"bascule-{which}"
    words = [CLI, "config", "check", path] if which == "check" else [program, "--config", path]
    links = links_of(bare_lab)
    done = bare_lab.run(*words, check=False)
    assert done.returncode == 2, done.stderr
    lines = (done.stdout + done.stderr).splitlines()
    for place in places:
        complaint = re.compile(rf"{re.escape(str(path))}:\d+: {re.escape(place)}\b.*: ")
        assert any(complaint.search(line) for line in lines), lines
    assert links_of(bare_lab) == links


@pytest.mark.bad_input
@pytest.mark.parametrize("text", ["", "instance = {", "\x00\xff\xfe", "@include \"/etc/passwd\"\n", "a" * 100000])
def test_files_that_are_none(bare_lab, text):
    path = bare_lab.lab.dir / "none.conf"
    path.write_bytes(text.encode("latin-1"))
    for which in ("dataplane", "control"):
        done = bare_lab.run(BUILD / which / f"bascule-{which}", "--config", path, check=False)
        assert done.returncode == 2 and str(path) in done.stderr, done.stderr


@pytest.mark.bad_input
def test_missing_file(bare_lab):
    for which in ("dataplane", "control"):
        done = bare_lab.run(BUILD / which / f"bascule-{which}", "--config", "/nonexistent.conf", check=False)
        assert done.returncode == 2 and "/nonexistent.conf" in done.stderr, done.stderr


def test_missing_device_is_named(bare_lab):
    config = named_config(bare_lab)
    config["dataplane"]["ports"][0]["device"] = "net_af_packet0,iface=nosuch"
    done = bare_lab.run(BUILD / "dataplane" / "bascule-dataplane", "--config", written(bare_lab, config_text(config)),
                        check=False)
    assert done.returncode == 1 and done.stderr.strip()


def test_control_without_dataplane_says_so(bare_lab):
    control = bare_lab.start("lonely", BUILD / "control" / "bascule-control", "--config",
                             written(bare_lab, config_text(named_config(bare_lab))))
    wait_for(lambda: "dataplane" in control.log(), "a line about the dataplane")
    control.stop()


# --- reload -----------------------------------------------------------------------------------------------------------

@pytest.fixture
def reload(net):
    """Changes the running configuration by a function, reloads it, and puts it back at the end."""
    bascule, before = net.bascule, copy.deepcopy(net.bascule.config)

    def change(spoil, check=True):
        spoil(bascule.config)
        bascule.write_config()
        return bascule.run("reload", check=check)

    yield change
    bascule.config.clear()
    bascule.config.update(before)
    bascule.write_config()
    bascule.run("reload")


@pytest.fixture(scope="module")
def second_nva(net):
    namespace = net.appliance("nva2", f"{SECOND_NVA}/24")
    daemon = Bird(namespace, 65002, SECOND_NVA, [Neighbor("10.0.2.1", 65515, multihop=True)], [SECOND_SITE])
    daemon.start()
    return daemon


def test_reload_adds_and_removes_a_peer(net, second_nva, reload):
    sessions = net.sessions()
    peer = {"name": "nva-b", "address": SECOND_NVA, "asn": 65002, "multihop": True}
    reload(lambda c: c["peers"].append(peer))
    net.bascule.wait_established("nva-b")
    wait_for(lambda: second_nva.prefixes("10.0.2.1") == [VNET], "the VNet at the new peer")
    wait_for(lambda: SECOND_SITE in net.bascule.routes(), "the new peer's route")
    reload(lambda c: c["peers"].remove(peer))
    wait_for(lambda: not second_nva.session("10.0.2.1"), "end of the new peer's session")
    wait_for(lambda: "nva-b" not in net.bascule.peers(), "the end of the peer")
    wait_for(lambda: SECOND_SITE not in net.bascule.routes(), "withdrawal of the new peer's route")
    assert net.sessions() == sessions


def test_reload_adds_and_removes_a_vnet_prefix(net, reload):
    sessions = net.sessions()

    def all_have(*prefixes):
        return all(set(daemon.received(address)) == set(prefixes) for _, daemon, (address,) in net.bgp_peers())

    peered = {"prefix": "10.4.0.0/16", "port": "vnet0", "next_hop": "10.0.1.10", "peered": True}
    wait_for(lambda: all_have(VNET), "the VNet alone")
    reload(lambda c: c["vnet"].append(peered))
    wait_for(lambda: all_have(VNET, "10.4.0.0/16"), "the peered VNet at all peers")
    assert net.ergw.received("10.0.255.33")["10.4.0.0/16"].communities == ("65518:65518",)
    reload(lambda c: c["vnet"].remove(peered))
    wait_for(lambda: all_have(VNET), "the peered VNet gone")
    assert net.sessions() == sessions


def test_reload_of_the_switch(net, reload):
    sessions = net.sessions()
    reload(lambda c: c["exchange"].update(enabled=True))
    wait_for(lambda: set(net.nva.received("10.0.2.1")) == {VNET, ONPREM2, BRANCH}, "all routes at the NVA")
    reload(lambda c: c["exchange"].update(enabled=False))
    wait_for(lambda: set(net.nva.received("10.0.2.1")) == {VNET}, "the VNet alone at the NVA")
    assert net.sessions() == sessions


def test_reload_of_a_bad_file_changes_nothing(net, undisturbed, reload):
    done = reload(lambda c: (c["peers"][0].update(hold_s=2), c["vnet"].clear()), check=False)
    assert done.returncode != 0
    assert "peers.nva-a.hold_s" in done.stdout + done.stderr
    assert ONPREM1 in net.bascule.routes() and VNET in net.bascule.routes()


def test_reload_names_what_needs_a_restart(net, undisturbed, reload):
    done = reload(lambda c: c["instance"].update(asn=65510), check=False)
    assert done.returncode != 0
    assert "instance.asn" in done.stdout + done.stderr and "restart" in done.stdout + done.stderr


def test_sighup_reloads(net, undisturbed):
    net.bascule.control.send_signal(1)
    wait_for(lambda: "reload" in net.bascule.control.log(), "a line about the reload")
    assert net.bascule.peers()["nva-a"]["address"] == NVA


@contextlib.contextmanager
def hung_disk(path):
    """Whoever opens the file waits as on a disk that does not answer (a lease, fcntl(2)). Gives a list that is not empty
    once somebody does."""
    waiting = []
    before = signal.signal(signal.SIGIO, lambda *_: waiting.append(True))
    fd = os.open(path, os.O_RDWR)
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        yield waiting
    finally:
        os.close(fd)
        signal.signal(signal.SIGIO, before)


@pytest.mark.parametrize("which", ["dataplane", "control"])
def test_a_start_says_what_it_waits_for(bare_lab, which):
    path = bare_lab.lab.dir / f"late-{which}.conf"
    path.write_text("instance = {")
    with hung_disk(path):
        process = bare_lab.start(f"late-{which}", BUILD / which / f"bascule-{which}", "--config", path)
        wait_for(lambda: f"{path}: still reading it, or a file that it names, after 2 s" in process.log(), "a line")
        assert process.alive
    assert process.wait() == 2, "it goes on: the file is none"


def test_a_file_on_a_hung_disk_holds_up_nobody(net, undisturbed):
    bascule = net.bascule
    reloads = bascule.dataplane.log().count("reload: done")
    with hung_disk(bascule.config_path) as waiting:
        first = bascule.namespace.start("first-reload", *bascule.command("reload"))
        wait_for(lambda: waiting, "control at the file")
        assert bascule.established() and ONPREM1 in bascule.routes()
        wait_for(lambda: "still reading" in first.log(), "an answer of its own to who asked")
        done = bascule.run("reload", check=False)
        assert done.returncode and f"still reading {bascule.config_path}" in done.stderr
        bascule.dataplane.send_signal(signal.SIGHUP)
        assert net.nva.namespace.ping("10.0.2.1", count=3)  # by the main lcore, and the one that reads
        assert bascule.cli("show", "ports")
    wait_for(lambda: "has been read at last" in bascule.control.log(), "the end of the reading")
    wait_for(lambda: bascule.dataplane.log().count("reload: done") > reloads, "the dataplane's reload")
    bascule.run("reload")
