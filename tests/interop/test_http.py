"""HTTP against the running system: the API's answers are the CLI's, metrics say what the peers' rows say and are well-formed,
and clients that read slowly, or talk nonsense, or are many cost nobody else anything.

Topology: played.py. NVA-A announces some thousand routes."""

import http.client
import json
import re
import shutil
import socket
import threading

import pytest

from lab import named_lab, wait_for
from played import Hub, prefixes

PORT = 8080
ROUTES = 4000

# What is another one a moment later.
MOVES = {"uptime_s", "state_s", "age_s", "turns", "rx_messages", "tx_messages", "rx_bytes", "tx_bytes", "tx_queued_bytes", "rx_updates",
         "tx_updates", "memory_bytes"}


@pytest.fixture(scope="module")
def hub():
    with named_lab(__name__) as lab:
        hub = Hub(lab, lambda config: config.update(http={"listen": [f"127.0.0.1:{PORT}", f"[::1]:{PORT}"]}))
        hub.bascule.namespace.ip6("lo")
        hub.start()
        hub.nva_a.establish().announce(prefixes(ROUTES))
        hub.nva_a.wait_learned(ROUTES)
        yield hub


def connect(hub, receive_buffer=None):
    client = hub.bascule.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(30)
    client.connect(("127.0.0.1", PORT))
    return client


def ask(hub, path, method="GET", **headers):
    """The answer to one request, with its text."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    connection.sock = connect(hub)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer


def document(hub, path):
    answer = ask(hub, path)
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


def still(value):
    """Without what moves."""
    if isinstance(value, dict):
        return {key: still(inner) for key, inner in value.items() if key not in MOVES}
    return [still(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path, words", [
    ("summary", "show summary"),
    ("peers", "show peers"),
    ("peers/nva-a", "show peer nva-a"),
    ("peers/ergw/0", "show peer ergw/0"),
    ("routes", "show routes"),
    ("routes?prefix=20.0.1.0/24", "show routes 20.0.1.0/24"),
    ("routes?address=20.0.1.7", "show routes 20.0.1.7"),
    ("routes?peer=nva-a&which=received", "show routes --peer nva-a --received"),
    ("routes?peer=nva-b&which=advertised&family=ipv4", "show routes --peer nva-b --advertised"),
    ("fib?view=vnet", "show fib --view vnet"),
    ("exchange", "show exchange"),
    ("exchange/plan?enable=false", "exchange plan disable"),
    ("policy", "show policy"),
    ("policy/test?peer=nva-a&direction=in&prefix=20.0.1.0/24", "policy test nva-a in 20.0.1.0/24"),
    ("events?after=0", "show events"),
])
def test_answers_are_the_clis(hub, path, words):
    assert still(document(hub, f"/api/v1/{path}")) == still(hub.bascule.cli(*words.split()))


def test_by_curl_on_both_families(hub):
    """As the README has it."""
    for host in ("127.0.0.1", "[::1]"):
        done = hub.bascule.namespace.run("curl", "-sS", "--fail", f"http://{host}:{PORT}/api/v1/summary")
        assert json.loads(done.stdout)["instance"] == hub.bascule.name


def test_nobody_changes_anything(hub):
    before = hub.bascule.summary()["exchange"]
    for method, path in (("POST", "exchange"), ("PUT", "exchange"), ("GET", "reload"),
                         ("GET", "peer?action=shutdown&all=true"), ("DELETE", "peers/nva-a")):
        assert ask(hub, f"/api/v1/{path}", method).status in (400, 405), path
    assert hub.bascule.summary()["exchange"] == before
    assert hub.bascule.established("nva-a")


def test_pollers_are_told_what_is_new(hub):
    told = hub.bascule.peer("ergw/0")["advertised"]
    first = ask(hub, "/api/v1/exchange")
    assert ask(hub, "/api/v1/exchange", **{"If-None-Match": first.headers["ETag"]}).status == 304
    hub.bascule.exchange(False)
    second = ask(hub, "/api/v1/exchange", **{"If-None-Match": first.headers["ETag"]})
    hub.bascule.exchange(True)
    assert second.status == 200 and not json.loads(second.text)["enabled"]
    wait_for(lambda: hub.bascule.peer("ergw/0")["advertised"] == told, "what it was told before")


# --- metrics ----------------------------------------------------------------------------------------------------------

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)*)\})? ([0-9.]+)')
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def samples(text, openmetrics):
    """{(name, labels as a set of texts): value}, of an exposition whose form is right: every family once, with its type and
    help, its samples behind it, and nothing else."""
    found, families, family, ended = {}, set(), None, False
    for line in text.splitlines():
        assert not ended, "something follows # EOF"
        if line.startswith("# TYPE "):
            family, kind = line.split()[2:]
            assert family not in families, f"{family} is there twice"
            families.add(family)
        elif line.startswith(("# HELP ", "# UNIT ")):
            assert line.split()[2] == family and line.split(maxsplit=3)[3]
            if line.startswith("# UNIT "):
                assert openmetrics and family.endswith("_" + line.split()[3])
        elif line == "# EOF":
            ended = True
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name = match[1]
            ends = {"counter": "_total", "info": "_info"}.get(kind, "") if openmetrics else ""
            assert name == family + ends, line
            key = (name, frozenset(re.findall(r'[a-z_]+="(?:[^"\\]|\\.)*"', match[2] or "")))
            assert key not in found, f"{line} is there twice"
            found[key] = float(match[3])
    assert ended == openmetrics
    return found


def of_peer(found, name, peer, **labels):
    wanted = {f'peer="{peer}"', *(f'{key}="{value}"' for key, value in labels.items())}
    values = [value for (sample, have), value in found.items() if sample == name and wanted <= have]
    assert len(values) == 1, (name, peer, labels, values)
    return values[0]


@pytest.mark.parametrize("openmetrics", [True, False])
def test_metrics_are_what_the_rows_say(hub, openmetrics):
    answer = ask(hub, "/metrics", **({"Accept": OPENMETRICS} if openmetrics else {}))
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text" if openmetrics else "text/plain; version=0.0.4")
    found = samples(answer.text, openmetrics)
    rows = hub.bascule.peers()
    for name, row in rows.items():
        assert of_peer(found, "bascule_peer_established", name) == (row["state"] == "Established")
        for key in ("learned", "unusable", "advertised"):
            assert of_peer(found, f"bascule_peer_prefixes_{key}", name, afi="ipv4") == row["families"][0][key]
    assert of_peer(found, "bascule_peer_updates_total", "nva-a", direction="received") >= ROUTES / 800
    assert found["bascule_rib_prefixes", frozenset()] == hub.bascule.summary()["routes"]
    assert found["bascule_dataplane_up", frozenset()] == 1
    assert found["bascule_hugepages_bytes", frozenset()] >= 512 << 20
    drops = {key for key in found if key[0] == "bascule_packets_dropped_total"}
    assert len(drops) == 3 * len(hub.bascule.drops()), "every reason of every port"
    assert {value for (name, labels), value in found.items() if name == "bascule_port_up"} == {1}


def test_metrics_pass_promtool(hub):
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not installed")
    done = hub.bascule.namespace.run(promtool, "check", "metrics", stdin=ask(hub, "/metrics").text, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- clients of every kind --------------------------------------------------------------------------------------------

def request(path):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def test_slow_readers_hold_up_nobody(hub):
    """Ten that have asked for everything and read nothing, while UPDATEs pass and others ask."""
    slow = [connect(hub, receive_buffer=4096) for _ in range(10)]
    for client in slow:
        client.sendall(request("/api/v1/routes"))
    more = prefixes(500, "30.0.0.0")
    hub.nva_a.announce(more)
    hub.nva_a.wait_learned(ROUTES + len(more))
    assert document(hub, "/api/v1/summary")["peers_up"] >= 1
    hub.nva_a.withdraw(more)
    hub.nva_a.wait_learned(ROUTES)
    for client in slow:
        client.settimeout(30)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        rows = json.loads(answer.read())
        assert len({row["prefix"] for row in rows}) >= ROUTES
        client.close()


def test_ten_clients_list_while_updates_pass(hub):
    stop, listed = threading.Event(), []

    def lists():
        while not stop.is_set():
            listed.append(len(document(hub, "/api/v1/routes")))

    threads = [threading.Thread(target=lists) for _ in range(10)]
    for thread in threads:
        thread.start()
    try:
        for i in range(5):
            some = prefixes(200, "31.0.0.0")
            hub.nva_a.announce(some)
            hub.nva_a.wait_learned(ROUTES + 200)
            hub.nva_a.withdraw(some)
            hub.nva_a.wait_learned(ROUTES)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(listed) >= 10 and min(listed) >= ROUTES
    assert hub.bascule.established("nva-a")


def test_nonsense_costs_its_connection_alone(hub):
    for octets in (b"\0" * 4096, b"\x16\x03\x01" + b"\xff" * 512, b"GET " + b"/" * 100000, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000):
        client = connect(hub)
        try:
            client.send(octets, socket.MSG_DONTWAIT)
        except ConnectionError:
            pass  # it has been shown out
        client.close()
    many = [connect(hub) for _ in range(100)]
    for client in many:
        client.setblocking(False)
    wait_for(lambda: sum(gone(client) for client in many) >= 76, "more than one address may have")
    for client in many:
        client.close()
    wait_for(lambda: summary_answers(hub), "a place for others")


def gone(client):
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def summary_answers(hub):
    try:
        return document(hub, "/api/v1/summary")["instance"] == hub.bascule.name
    except (ConnectionError, http.client.HTTPException):
        return False
