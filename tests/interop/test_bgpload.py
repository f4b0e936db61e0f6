"""bascule-bgpload against its own reflector, and against a Bascule: what it counts is what there is."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "perf"))

import speakers  # noqa: E402
from lab import Lab  # noqa: E402

PEERS, SENDERS, PREFIXES = 6, 4, 3000


@pytest.fixture(scope="module", params=["null", "bascule"])
def under_load(request):
    with Lab() as lab:
        lan, load = speakers.lan(lab, PEERS)
        yield speakers.start(lab, lan, request.param, PEERS), load


def load(under_load, *words, check=True, senders=SENDERS):
    speaker, namespace = under_load
    done = namespace.run(speakers.bgpload(), "--target", speaker.address, "--from", speaker.peers[0].address, "--peers", PEERS,
                         "--senders", senders, "--json", *words, check=check, timeout=120)
    return json.loads(done.stdout) if check else done


def test_everybody_hears_all_but_its_own_and_then_nothing(under_load):
    said = load(under_load, "--prefixes", PREFIXES)
    heard = SENDERS * PREFIXES * (PEERS - 1)
    assert said["prefixes"] == SENDERS * PREFIXES
    assert (said["announce"]["announced"], said["announce"]["again"]) == (heard, 0)
    assert (said["announce"]["withdrawn"], said["announce"]["echoed"], said["announce"]["strange"]) == (0, 0, 0)
    assert (said["end"]["announced"], said["end"]["withdrawn"]) == (0, heard)
    assert said["latency_us"]["samples"] == (SENDERS * PREFIXES + 60) // 61 * (PEERS - 1)
    assert 0 < said["latency_us"]["p50"] <= said["latency_us"]["max"]


def test_the_same_prefixes(under_load):
    said = load(under_load, "--prefixes", PREFIXES, "--same")
    assert said["prefixes"] == PREFIXES
    assert said["announce"]["announced"] - said["announce"]["again"] >= PREFIXES * (PEERS - SENDERS)


def test_what_a_file_says(under_load, tmp_path):
    path = tmp_path / "updates"
    path.write_text("3356 174\t3356:70\t20.1.0.0/16 20.2.0.0/24\n1299\t\t20.3.0.0/25\n")
    assert load(under_load, "--updates", path)["announce"]["announced"] == 3 * (PEERS - 1)


def test_a_wrong_file_is_refused_with_its_line(under_load, tmp_path):
    path = tmp_path / "updates"
    path.write_text("3356\t\t20.1.0.0/16\n3356\t\tnonsense\n")
    done = load(under_load, "--updates", path, check=False)
    assert done.returncode == 1 and f"{path}:2: expected prefixes" in done.stderr


def test_a_feed_dies(under_load):
    speaker, _ = under_load
    if speaker.name == "null":
        pytest.skip("the reflector withdraws nothing")
    said = load(under_load, "--prefixes", PREFIXES, "--end", "die")
    lost, left = divmod(said["end"]["withdrawn"], PEERS - 2 + 1)
    assert left == 0 and abs(lost - PREFIXES) < PREFIXES / 5
    assert said["end"]["announced"] == 0


def test_nobody_listens(under_load):
    _, namespace = under_load
    done = namespace.run(speakers.bgpload(), "--target", f"{speakers.NETWORK}.{speakers.FIRST_HOST}", "--from",
                         f"{speakers.NETWORK}.{speakers.FIRST_HOST}", "--timeout", 1, check=False)
    assert done.returncode == 1 and "peer 0: connect: Connection refused" in done.stderr


@pytest.mark.parametrize("words, said", [
    ([], "--target and --from are needed"),
    (["--target", "10.0.0.0.1"], "--target: '10.0.0.0.1', expected an IPv4 address"),
    (["--peers", "0"], "--peers: '0', expected a number, 1 to 1024"),
    (["--peers", "-1"], "--peers: '-1', expected a number"),
    (["--prefixes", "1e5"], "--prefixes: '1e5', expected a number"),
    (["--end", "now"], "--end: 'now', expected withdraw, die, none, watch or repeat"),
    (["--target", "10.0.0.1", "--from", "10.0.0.2", "--senders", "11"], "--senders: at most --peers"),
    (["--target", "10.0.0.1", "--from", "10.0.0.2", "--senders", "10", "--same"], "--senders: fewer than --peers"),
    (["more"], "argument: 'more', expected options alone"),
])
def test_wrong_options(under_load, words, said):
    done = under_load[1].run(speakers.bgpload(), *words, check=False)
    assert done.returncode == 2 and said in done.stderr
