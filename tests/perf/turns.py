"""Programs that measure their own processor time, run at once on one core, a short turn each: what the machine does to one it
does to the other. (Left to the kernel, they would take turns as well, but not equally long ones.)"""

import itertools
import os
import signal
import time

TURN_S = 0.005
CPU = 1


def run_in_turns(children):
    """Until all have ended. Stopped ones are as good as not there."""
    for child in children:
        os.sched_setaffinity(child.pid, {CPU})
        child.signal(signal.SIGSTOP)
    for child in itertools.cycle(children):
        if not any(each.alive for each in children):
            return
        if child.alive:
            child.signal(signal.SIGCONT)
            time.sleep(TURN_S)
            child.signal(signal.SIGSTOP)
