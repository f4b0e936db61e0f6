"""Searches over a device that is a model, as tests/interop/test_pktgen.py does with Pktgen's; then the generator, at ports of an
instance and of what it stands beside."""

import json

import pytest

import search
from test_perf import perf


class Device:
    """Takes so many percent of the line rate and queues so many frames; each so many-th trial passes by chance."""

    def __init__(self, takes=100.0, queue=0, lucky=0):
        self.takes, self.queue, self.lucky, self.trials = takes, queue, lucky, 0

    def rate(self, percent):
        self.trials += 1
        sent = int(percent * 10000)
        lost = max(0, sent - int(self.takes * 10000))
        return {"sent": sent, "lost": 0 if self.lucky and self.trials % self.lucky == 0 else lost}

    def burst(self, frames):
        return {"sent": frames, "lost": max(0, frames - self.queue)}


@pytest.mark.parametrize("takes", [100, 99.7, 50, 33.3, 7, 1.2])
@pytest.mark.parametrize("partial", [0, 0.1])
def test_the_search_finds_what_the_device_takes(takes, partial):
    found, result = search.rate(Device(takes).rate, partial, lowest=1, resolution=0.5, confirm=2)
    assert takes - 0.5 <= found <= takes * 1.0011 and result["lost"] <= result["sent"] * partial / 100


def test_a_device_that_always_loses_has_no_throughput():
    assert search.rate(Device(0.5).rate, 0, lowest=1, resolution=0.5, confirm=2) == (None, None)


def test_a_trial_that_passes_by_chance_leads_nobody_astray():
    assert search.rate(Device(40, lucky=5).rate, 0, lowest=1, resolution=0.5, confirm=2)[0] <= 40


@pytest.mark.parametrize("queue", [0, 1, 100, 4096, 150000, 300000])
def test_back_to_back_is_within_one_in_a_hundred(queue):
    found = search.burst(Device(queue=queue).burst, 200000)
    assert min(queue, 200000) * 0.98 - 1 <= found <= queue


def test_loss_is_measured_down_to_two_rates_without():
    found = {at: round(100 * result["lost"] / result["sent"], 2) for at, result in search.loss(Device(75).rate).items()}
    assert found == {100: 25, 90: 16.67, 80: 6.25, 70: 0, 60: 0}


@pytest.mark.alone
def test_an_instance_under_the_generator(build, tmp_path):
    """Both directions and both kinds of what happens meanwhile: figures of all tests, and no frame through a shut gate. The rates are low: what
    this machine takes is not what is tested."""
    path = tmp_path / "figures.json"
    done = perf("rfc2544", "--build", build, "--sizes", "64,1518", "--seconds", 0.2, "--line-gbps", 0.02, "--resolution", 30, "--confirm", 1,
                "--lowest", 10, "--longest-burst", 0.02, "--json", path)
    assert done.returncode == 0, done.stderr
    found = {figure["name"].removeprefix("rfc2544/memif"): figure["median"] for figure in json.loads(path.read_text())["figures"]}
    for size in (64, 1518):
        assert found[f"-exchange-{size}/frames through a shut gate"] == 0
        assert 10 < found[f"-exchange-{size}/loss with exchange off from the middle"] < 90
        for area in (f"-{size}/", f"-churn-{size}/"):
            assert {area + what for what in ("NDR", "NDR of line rate", "PDR", "PDR of line rate", "latency p50", "latency p99",
                                             "latency longest", "loss at 100 %", "back to back")} <= set(found)
            assert found[area + "PDR"] > 0 and found[area + "latency p50"] <= found[area + "latency longest"]
    assert perf("compare", path, path).returncode == 0


@pytest.mark.alone
def test_a_load_from_a_process_of_its_own(build, tmp_path):
    path = tmp_path / "figures.json"
    done = perf("forward", "--build", build, "--load", "memif", "--rows", "^64-(one|two)-1k-2$", "--rivals", "testpmd-io", "--runs", 1, "--json", path)
    assert done.returncode == 0, done.stderr
    found = {figure["name"]: figure["median"] for figure in json.loads(path.read_text())["figures"]}
    assert set(found) == {f"forward-memif/64-two-1k-2/{what}" for what in ("bascule", "testpmd-io", "bascule to testpmd-io")}
    assert min(found.values()) > 0
