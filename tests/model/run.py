#!/usr/bin/env python3
"""The program against a small reference model: run.py PROGRAM ACTION [--seeds 200] [--steps 60]

PROGRAM is the built tenterhook, ACTION the built model_action. Each seed is a random walk through
events, copies, failures, crashes, reloads, stops, replays, cancellations, pauses and clocks that
are set; reference.py says what must be true of what happened. A seed that fails is printed with its
faults: --first SEED --seeds 1 walks it again (the times are the machine's, so it may go another
way).
"""
import argparse
import multiprocessing
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import driver  # noqa: E402
import harness  # noqa: E402

OF_ONE_SERVER = 25  # seeds


def walk(options, seeds):
    """The faults of these seeds, with one server."""
    harness.PROGRAM = os.path.abspath(options.program)
    found = []
    with driver.Driver(options.program, options.action) as world:
        for seed in seeds:
            try:
                faults = world.run(seed, options.steps)
            except Exception:
                print(f"seed {seed} has ended early", flush=True)
                raise
            found += [f"seed {seed}: {fault}" for fault in faults]
            if found:
                world.server.show_log()
                break
    return found


def work(options, queue, results):
    while True:
        seeds = queue.get()
        if seeds is None:
            return
        try:
            faults = walk(options, seeds)
        except BaseException as failure:  # the parent counts it
            faults = [f"seeds {seeds[0]} to {seeds[-1]}: {type(failure).__name__}: {failure}"]
        results.put((seeds, faults))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("action")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("-j", type=int, default=2 * os.cpu_count(), help="servers, which wait")
    options = parser.parse_args()
    seeds = list(range(options.first, options.first + options.seeds))
    groups = [seeds[i:i + OF_ONE_SERVER] for i in range(0, len(seeds), OF_ONE_SERVER)]
    queue, results = multiprocessing.Queue(), multiprocessing.Queue()
    for group in groups + [None] * options.j:
        queue.put(group)
    workers = [multiprocessing.Process(target=work, args=(options, queue, results))
               for _ in range(options.j)]
    begun, faults = time.monotonic(), []
    for worker in workers:
        worker.start()
    for count in range(len(groups)):
        group, found = results.get()
        faults += found
        print(f"seeds {group[0]} to {group[-1]}: {len(found)} faults; {count + 1} of "
              f"{len(groups)} groups", flush=True)
        for fault in found:
            print(f"  {fault}", flush=True)
    for worker in workers:
        worker.join()
    print(f"{len(seeds)} seeds of {options.steps} steps, {len(faults)} faults, "
          f"{time.monotonic() - begun:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
