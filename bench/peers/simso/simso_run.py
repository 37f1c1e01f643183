"""Runs SimSo on files of its own, each as often as asked, and writes what happened to each job.

Usage: simso_run.py RUNS FILE ... writes FILE.simso for each, one line an event: time, event, task,
job and, where a job begins to run, the CPU. Prints the seconds of the runs of each file as JSON; a run
is the simulation itself, without reading the file before and without summing up after.
"""
import contextlib
import json
import os
import sys
import time
import types

try:
    import imp  # noqa: F401  what SimSo loads schedulers from files with
except ImportError:  # gone since Python 3.12; the schedulers used here are SimSo's own
    sys.modules["imp"] = types.ModuleType("imp")

from simso.configuration import Configuration
from simso.core import Model
from simso.core.JobEvent import JobEvent

NAMES = {
    JobEvent.ACTIVATE: "release",
    JobEvent.EXECUTE: "dispatch",
    JobEvent.PREEMPTED: "preempt",
    JobEvent.TERMINATED: "complete",
}


class NoResults:
    """In place of the summary SimSo makes of each run."""

    def __init__(self, model):
        pass

    def end(self):
        pass


def simulate(configuration):
    """One run: the model, and the seconds it took."""
    model = Model(configuration)
    start = time.perf_counter()
    model.run_model()
    return model, time.perf_counter() - start


def numbers(job):
    """The task of a job, and its number, from 0."""
    return job.task.identifier - 1, int(job.name.rsplit("_", 1)[1]) - 1


def events(model):
    """What happened, in order; each event is a list."""
    found = []
    for task in model.task_list:
        for at, event in task.monitor:
            if at >= model.duration:
                break  # it stops in the midst of this instant
            cpu = [event.cpu.internal_id] if event.event == JobEvent.EXECUTE else []
            found.append((event.id_, at, NAMES[event.event], event.job, cpu))
    found.sort(key=lambda each: each[0])
    told = []
    stops = {}  # of each job that does not run: when it stopped, on which CPU, and where that is told
    on = {}  # of each job that runs: the CPU
    for _, at, name, job, cpu in found:
        if name == "dispatch":
            stopped = stops.pop(job, None)
            on[job] = cpu[0]
            # The scheduler interrupts whoever runs on the CPU it is called on, for no time.
            if stopped and stopped[:2] == (at, cpu[0]):
                told[stopped[2]] = None
                continue
        elif name == "preempt":
            stops[job] = (at, on.pop(job), len(told))
        told.append([at, name, *numbers(job), *cpu])
    told = [each for each in told if each is not None]
    for task in model.task_list:
        for job in task.jobs:
            due = int(job.absolute_deadline_cycles)
            if due < model.duration and (job.end_date is None or job.end_date > due):
                told.append([due, "miss", *numbers(job)])
    return told


def main(runs, files):
    sys.modules["simso.core.Model"].Results = NoResults
    seconds = []
    # Its global schedulers print each decision.
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        for file in files:
            model = None
            times = []
            for _ in range(runs):
                model, took = simulate(Configuration(file))
                times.append(took)
            seconds.append(times)
            with open(file + ".simso", "w") as out:
                for event in events(model):
                    print(*event, file=out)
    print(json.dumps(seconds))


main(int(sys.argv[1]), sys.argv[2:])
