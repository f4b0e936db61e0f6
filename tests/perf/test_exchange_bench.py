"""tools/perf exchange: what it says of packets that came and did not, and a small run of all of it."""

import json

import pytest

import exchange
from children import Failed
from test_perf import perf

MS = 1000000


def stream(seconds, passes):
    """Packets a millisecond apart, each 0.1 ms under way if passes(ms) says so: (sent, came)."""
    sent = [ms * MS for ms in range(int(seconds * 1000))]
    return sent, [at + MS // 10 if passes(at // MS) else -1 for at in sent]


def test_the_last_packet_after_disable():
    found = exchange.went(*stream(3, lambda ms: ms <= 504), 500 * MS, 510 * MS)
    assert found == {"last transit packet": 4.1, "packets after the answer": 0}
    found = exchange.went(*stream(3, lambda ms: ms <= 504), 500 * MS, 502 * MS)
    assert found["packets after the answer"] == 3
    assert exchange.went(*stream(3, lambda ms: ms < 400), 500 * MS, 510 * MS)["last transit packet"] == 0


def test_the_first_packet_after_enable():
    found = exchange.came(*stream(3, lambda ms: ms >= 507 and ms != 600), 500 * MS, 510 * MS)
    assert found == {"first transit packet": 7.1, "packets lost after it": 1}


@pytest.mark.parametrize("judge, passes, why", [
    (exchange.went, lambda ms: True, "all the time although exchange is off"), (exchange.went, lambda ms: False, "no packet passed"),
    (exchange.came, lambda ms: False, "no packet passes"), (exchange.came, lambda ms: ms == 3, "while exchange was off")])
def test_what_is_no_exchange_is_a_failure(judge, passes, why):
    with pytest.raises(Failed, match=why):
        judge(*stream(3, passes), 500 * MS, 510 * MS)


@pytest.mark.alone
def test_a_small_one(build, tmp_path):
    path = tmp_path / "figures.json"
    done = perf("exchange", "--build", build, "--routes", 6000, "--peers", 3, "--senders", 2, "--runs", 2, "--rate", 5000, "--json", path)
    assert done.returncode == 0, done.stderr
    found = {figure["name"].removeprefix("exchange/"): figure for figure in json.loads(path.read_text())["figures"]}
    assert found["disable, packets after the answer"]["max"] == 0
    for to in ("disable", "enable"):
        assert len(found[f"{to}, all peers told"]["samples"]) == 2
        assert 0 < found[f"{to}, first peer told"]["min"] <= found[f"{to}, all peers told"]["max"]
    # The gate opens before anybody is told.
    for first, told in zip(found["enable, first transit packet"]["samples"], found["enable, all peers told"]["samples"], strict=True):
        assert 0 < first < told + 1
