"""tools/pktgen, with Lua as Pktgen-DPDK has it and a Pktgen that is a model: a device that takes so many percent of the line
rate, queues so many frames, and loses the rest."""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from bascule import CLI
from lab import wait_for

SOURCE = Path(__file__).resolve().parents[2]
SCRIPTS = SOURCE / "tools" / "pktgen"
LUA = "lua5.3"

MODEL = r"""
local model = { takes = %(takes)s, queue = %(queue)s, line = 1000000, noise = %(noise)s }
local rate, count, sent, received, calls = 0, 0, 0, 0, {}

local single, range, page, looks, speed, ready = {}, {}, true, 0, 0, 0
pktgen = { range = setmetatable({}, { __index = function() return function() end end }) }
for _, name in ipairs({ "stop", "clr", "set_mac", "set_range", "quit", "latency" }) do
	pktgen[name] = function(...) calls[#calls + 1] = name end
end
function pktgen.screen(state)
	page = state == "on"
end
function pktgen.range.pkt_size(port, what, value)
	range[what] = value
end
-- Links come up some time after the start, and are looked at only while the page is drawn.
function pktgen.linkState()
	looks = looks + (page and 1 or 0)
	speed = looks > 3 and 10000 or 0
	local state = looks > 3 and "<UP-10000-FD>" or "<--Down-->"
	return { [0] = "<UP-10000-FD>", [1] = state, n = 2 }
end
function pktgen.set(ports, what, value)
	if what == "rate" then rate = speed > 0 and value or 0
	elseif what == "count" then assert(ports == "all") count = value
	else assert(what == "size") single[tonumber(ports)] = value end
end
local trials = 0
function pktgen.start()
	for _, what in ipairs({ "start", "min", "max" }) do assert(range[what] == single[0] and range[what] == single[1]) end
	assert(range.inc == 0)
	ready = 5 -- looks at the counters until frames are made
	local offered = count > 0 and count or model.line * rate / 100
	local taken = count > 0 and math.min(offered, model.queue) or math.min(offered, model.line * model.takes / 100)
	trials = trials + 1
	if model.noise > 0 and trials %% model.noise == 0 then taken = offered end -- a trial that passes by chance
	due = { 2 * math.floor(offered), 2 * math.floor(taken) }
	last = due[2] // 2
end
-- Nothing but the first port's first burst goes until all ports have made their frames, or for good if they are stopped before.
function pktgen.stop()
	due = nil
end
function pktgen.delay() end
function pktgen.portStats(ports, kind)
	ready = ready - 1
	if due and ready < 0 then
		sent, received, due = sent + due[1], received + due[2], nil
	end
	if kind == "rate" then
		return { [0] = { opackets = 0, ipackets = last, oerrors = 0 }, [1] = { opackets = 0, ipackets = last, oerrors = 0 }, n = 2 }
	end
	if due then
		return { [0] = { opackets = sent // 2 + 64, ipackets = received // 2, oerrors = 0 },
			[1] = { opackets = sent // 2, ipackets = received // 2, oerrors = 0 }, n = 2 }
	end
	local one = { opackets = sent // 2, ipackets = received // 2, oerrors = 0 }
	return { [0] = one, [1] = one, n = 2 }
end
function pktgen.pktStats(port)
	return { [tonumber(port)] = { latency = { avg_us = 10 + tonumber(port), max_us = 50 } } }
end
dofile(%(script)r)
"""

SETTINGS = """
local settings = dofile(%(base)r)
settings.json, settings.sizes, settings.runs, settings.seconds = %(json)r, { 64, 1518 }, %(runs)d, 1
settings.frames_per_second = 1000000
settings.meanwhile = { %(meanwhile)s }
return settings
"""


def lua(text, **environment):
    """What it runs ends with it, also if it takes too long."""
    process = subprocess.Popen([LUA, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True, env={**os.environ, **{name: str(value) for name, value in environment.items()}})
    try:
        out, err = process.communicate(text, timeout=60)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def run(tmp_path, takes=100, queue=0, noise=0, runs=1, meanwhile=""):
    settings, out = tmp_path / "settings.lua", tmp_path / "out.json"
    settings.write_text(SETTINGS % {"base": str(SCRIPTS / "settings.lua"), "json": str(out), "runs": runs, "meanwhile": meanwhile})
    done = lua(MODEL % {"takes": takes, "queue": queue, "noise": noise, "script": str(SCRIPTS / "rfc2544.lua")},
               BASCULE_PKTGEN=settings)
    assert out.exists(), done.stderr
    figures = {figure["name"].removeprefix("rfc2544/two-ports-"): figure for figure in json.loads(out.read_text())["figures"]}
    return figures, done.stderr


@pytest.mark.parametrize("takes", [100, 99.7, 50, 33.3, 7, 1.2])
def test_the_search_finds_what_the_device_takes(tmp_path, takes):
    figures, _ = run(tmp_path, takes=takes)
    for size in (64, 1518):
        found = figures[f"{size}/NDR of line rate"]["median"]
        assert takes - 0.5 <= found <= takes
        assert figures[f"{size}/NDR"]["median"] == pytest.approx(2 * found / 100, abs=0.001)
        # One frame in a thousand may be lost.
        assert takes - 0.5 <= figures[f"{size}/PDR of line rate"]["median"] <= takes * 1.0011


def test_a_device_that_always_loses_has_no_throughput(tmp_path):
    figures, said = run(tmp_path, takes=0.5)
    assert figures["64/NDR of line rate"]["median"] == 0 and "at the lowest rate too" in said


def test_a_trial_that_passes_by_chance_leads_nobody_astray(tmp_path):
    figures, _ = run(tmp_path, takes=40, noise=5)
    assert figures["64/NDR of line rate"]["median"] <= 40


@pytest.mark.parametrize("queue", [0, 1, 100, 4096, 1500000, 3000000])
def test_back_to_back_is_within_one_in_a_hundred(tmp_path, queue):
    figures, _ = run(tmp_path, takes=50, queue=queue)
    found = figures["64/back to back"]["median"]
    assert min(queue, 2000000) * 0.98 - 1 <= found <= queue


def test_loss_is_measured_down_to_two_rates_without(tmp_path):
    figures, _ = run(tmp_path, takes=75)
    loss = {name: figure["median"] for name, figure in figures.items() if name.startswith("64/loss")}
    assert loss == {"64/loss at 100 %": pytest.approx(25), "64/loss at 90 %": pytest.approx(100 / 6),
                    "64/loss at 80 %": pytest.approx(6.25), "64/loss at 70 %": 0, "64/loss at 60 %": 0}


def test_latency_is_the_worse_ports(tmp_path):
    figures, _ = run(tmp_path)
    assert (figures["64/latency average"]["median"], figures["64/latency longest"]["median"]) == (11, 50)


def test_samples_of_all_runs_are_kept(tmp_path):
    figures, _ = run(tmp_path, takes=60, runs=3)
    assert len(figures["64/NDR"]["samples"]) == 3


def test_what_goes_on_meanwhile_begins_and_ends_with_each_trial(tmp_path):
    log, pids = tmp_path / "log", tmp_path / "pids"
    # The group ends before `back` begins: what it has to say must have been said by the middle.
    run(tmp_path, meanwhile=f"start = 'echo $$ >> {pids}; sleep 1000 & echo $! >> {pids}; echo started >> {log}; wait', "
                            f"half = 'until tail -1 {log} | grep -q started; do :; done; echo half >> {log}', back = 'echo back >> {log}'")
    words = log.read_text().split()
    assert len(words) > 30 and words == ["started", "half", "back"] * (len(words) // 3)
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids.read_text().split()), "end of all that was started")


def test_what_was_started_ends_when_pktgen_is_killed(tmp_path):
    pids, settings = tmp_path / "pids", tmp_path / "settings.lua"
    settings.write_text(SETTINGS % {
        "base": str(SCRIPTS / "settings.lua"), "json": str(tmp_path / "out.json"), "runs": 1, "meanwhile":
        f"start = 'echo $$ >> {pids}; sleep 1000 & echo $! >> {pids}; wait', "
        f"half = 'until [ -e {pids} ] && [ $(wc -l < {pids}) = 2 ]; do :; done; kill -9 $PPID'"})
    done = lua(MODEL % {"takes": 100, "queue": 0, "noise": 0, "script": str(SCRIPTS / "rfc2544.lua")}, BASCULE_PKTGEN=settings)
    assert done.returncode == -9
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids.read_text().split()), "end of all that was started")


def test_a_command_that_fails_ends_it(tmp_path):
    settings = tmp_path / "settings.lua"
    settings.write_text(SETTINGS % {"base": str(SCRIPTS / "settings.lua"), "json": str(tmp_path / "out.json"), "runs": 1,
                                    "meanwhile": "half = 'false'"})
    done = lua(MODEL % {"takes": 100, "queue": 0, "noise": 0, "script": str(SCRIPTS / "rfc2544.lua")}, BASCULE_PKTGEN=settings)
    assert "rfc2544: failed: false" in done.stderr and not (tmp_path / "out.json").read_text()


@pytest.mark.parametrize("change, why", [
    ("settings.tests = { 'latencies' }", "settings: no test is called latencies"),
    ("settings.tests = {}", "settings: no sizes or no tests"),
    ("settings.json = '/nonexistent/out.json'", "settings: json: /nonexistent/out.json: No such file or directory"),
])
def test_wrong_settings_are_told_before_the_first_trial(tmp_path, change, why):
    settings = tmp_path / "settings.lua"
    settings.write_text(SETTINGS.replace("return", change + "\nreturn") % {
        "base": str(SCRIPTS / "settings.lua"), "json": str(tmp_path / "out.json"), "runs": 1, "meanwhile": ""})
    done = lua(MODEL % {"takes": 100, "queue": 0, "noise": 0, "script": str(SCRIPTS / "rfc2544.lua")}, BASCULE_PKTGEN=settings)
    assert why in done.stderr and "sent" not in done.stderr


def test_compare_reads_what_it_writes(tmp_path):
    for name, takes in (("old", 80), ("new", 60)):
        (tmp_path / name).mkdir()
        run(tmp_path / name, takes=takes, runs=5)
    words = [SOURCE / "tools" / "perf", "compare"]
    files = [tmp_path / name / "out.json" for name in ("old", "new")]
    slower = subprocess.run([*words, *files], capture_output=True, text=True)
    assert slower.returncode == 1 and "NDR of line rate" in slower.stdout
    assert subprocess.run([*words, files[0], files[0]], capture_output=True).returncode == 0


@pytest.mark.parametrize("text", ['a "quoted" \\ one', "tab\tand\nline", "Größe", ""])
def test_json_of_odd_text(text):
    done = lua(f'package.path = "{SCRIPTS}/?.lua"; io.write(require("figures").encode({{ text = [==[{text}]==] }}))')
    assert json.loads(done.stdout) == {"text": text}


def test_lua_is_there():
    assert shutil.which(LUA), "tools/setup --test installs it"




def test_the_configuration_of_the_readme_is_good(tmp_path):
    text = re.search(r"(?ms)^```libconfig\n(.*?)^```", (SCRIPTS / "README.md").read_text())[1]
    path = tmp_path / "bench.conf"
    path.write_text(text)
    done = subprocess.run([CLI, "config", "check", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
