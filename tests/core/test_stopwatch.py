"""Waiting takes no processor time; work does, a child's too."""

import subprocess
import sys
import time

from genzoo.core.stopwatch import Stopwatch

WORK = "import time\nwhile time.process_time() < {}: pass"


def test_waiting_takes_time_but_no_processor():
    stopwatch = Stopwatch()
    time.sleep(0.3)
    found = stopwatch.read()
    assert found["seconds"] >= 0.3 > 0.1 >= found["processor_seconds"]


def test_work_of_the_process_and_of_its_children_is_counted_from_the_start_on():
    exec(WORK.format(time.process_time() + 0.2))
    stopwatch = Stopwatch()
    assert stopwatch.read()["processor_seconds"] == 0
    exec(WORK.format(time.process_time() + 0.3))
    own = stopwatch.read()["processor_seconds"]
    subprocess.run([sys.executable, "-c", WORK.format(0.4)], check=True)
    assert 0.3 <= own < 0.5
    assert stopwatch.read()["processor_seconds"] >= own + 0.4
