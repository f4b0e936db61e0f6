"""tests/metal without QEMU: who waits for a guest that its kernel gives up hears of it at once, the story is told once more then and only
then, and what tools/test adds up is what counts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
METAL = TESTS / "metal"
sys.path.append(str(METAL))
from watch import LOST, said  # noqa: E402

LOST_WORDS = "rcu: rcu_preempt kthread timer wakeup didn't happen for 15754 jiffies! g4245 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x402"

# Each time it is told it goes as the next word of the plan says.
STORY = f"""
import json, os, subprocess, sys, threading
from pathlib import Path
import pytest
sys.path[:0] = [{str(METAL)!r}, {str(TESTS / "interop")!r}]
from lab import wait_for
from watch import Watch

LOGS, PLAN = Path(os.environ["BASCULE_LOGS"]), Path(__file__).with_name("plan.json")
WAITS = {{"event": lambda: threading.Event().wait(60), "command": lambda: subprocess.run(["sleep", "60"]),
         "predicate": lambda: wait_for(lambda: False, "what never comes", 60)}}

@pytest.fixture(scope="module")
def console():
    LOGS.mkdir(parents=True)
    path = LOGS / "guest-console.log"
    path.write_text("[    0.4] Run /sbin/init as init process\\n")
    with Watch(path):
        yield path

def test_one(console):
    pass

def test_two(console):
    how, *later = json.loads(PLAN.read_text())
    PLAN.write_text(json.dumps(later))
    assert how != "broken"
    if how in WAITS:
        console.write_text(console.read_text() + "[  190.2] {LOST_WORDS}\\n")
        WAITS[how]()
        pytest.fail("nobody has noticed")
"""


def told(folder, *plan):
    """(exit status, what story.py said, what tally.py made of it, what is left of the plan)"""
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "test_story.py").write_text(STORY)
    results = folder / "results"
    done = subprocess.run([METAL / "story.py", folder / "logs", results / "metal.xml", "--rootdir", folder, folder],
                          capture_output=True, text=True, check=False, timeout=100)
    tally = subprocess.run([sys.executable, TESTS / "tally.py", results, str(int(done.returncode != 0))],
                           capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, tally.stdout.strip(), json.loads((folder / "plan.json").read_text())


@pytest.mark.parametrize(("plan", "status", "tally", "left"), [
    (("fine", "unused"), 0, "2 passed, 0 failed", 1),
    (("broken", "fine"), 1, "1 passed, 1 failed", 1),  # a failure of its own is never tried again
    (("event", "fine"), 0, "2 passed, 0 failed", 0),
    (("command", "broken"), 1, "1 passed, 1 failed", 0),
    (("predicate", "event", "fine"), LOST, "0 passed, 1 failed", 1),  # nor is it told a third time
])
def test_a_story_is_told_again_if_the_guest_was_lost(tmp_path, plan, status, tally, left):
    code, text, sum_, rest = told(tmp_path, *plan)
    assert (code, sum_, len(rest)) == (status, tally, left), text
    again = [line for line in text.splitlines() if line.startswith("again: ")]
    kept = tmp_path / "logs-lost" / "guest-console.log"
    if len(plan) - left == 1:
        assert not again and not kept.exists()
        return
    assert LOST_WORDS in again[0] and str(kept.parent) in again[1]
    assert said(kept) == LOST_WORDS


@pytest.mark.parametrize(("words", "lost"), [
    (f"[   61.1] {LOST_WORDS}", True),
    ("[   61.1] rcu: rcu_preempt kthread starved for 5252 jiffies! g4245 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x402 ->cpu=2", True),
    ("[   61.1] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", False),  # a host that is busy
    ("[   61.1] DMAR: DRHD: handling fault status reg 2", False),
    ("[   61.1] Kernel panic - not syncing: Attempted to kill init!", False),
])
def test_what_a_kernel_says_that_is_lost(tmp_path, words, lost):
    console = tmp_path / "console"
    assert said(console) is None
    console.write_text(f"[    0.0] Linux version 6.1.0\n{words}\n[   61.2] more\n")
    assert bool(said(console)) == lost
