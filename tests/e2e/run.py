#!/usr/bin/env python3
"""Runs the end-to-end tests: run.py PROGRAM [-j N] [--quick] [--wrapper …] [NAME…]

Each test is a script of its own, started with $TENTERHOOK naming the program. Prints TAP; exit 0
when nothing failed. A test that is skipped says why.
"""
import argparse
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ALONE = {"10_rate_limit_exact", "12_idle_handshakes"}  # they measure time or the processor
LONGEST = {"70_model", "07_power_cuts", "07_calls_fail"}  # begun first, so that none is left alone
SECONDS = 240


def find_tests(names):
    files = sorted(file[:-3] for file in os.listdir(HERE)
                   if re.fullmatch(r"\d\d_\w+\.py", file))
    files.sort(key=lambda file: file not in LONGEST)
    return [file for file in files if not names or any(name in file for name in names)]


def run_test(name, environment):
    begun = time.monotonic()
    limit = SECONDS * float(environment.get("TENTERHOOK_PATIENCE", "1"))
    process = subprocess.Popen([sys.executable, os.path.join(HERE, name + ".py")], env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=limit)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output = process.communicate()[0] + f"\nended after {limit:.0f} s\n"
        status = 124
    return name, status, output, time.monotonic() - begun


def report(number, name, status, output, seconds):
    note = f" # SKIP {output.strip().splitlines()[-1][9:]}" if status == 77 else ""
    print(f"{'ok' if status in (0, 77) else 'not ok'} {number} - {name}{note} ({seconds:.1f} s)")
    lines = output.strip().splitlines() if status != 77 else []
    for line in lines[-60:] if status else lines:
        print("#  ", line)
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("names", nargs="*")
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller loads")
    options = parser.parse_intermixed_args()
    environment = {**os.environ, "TENTERHOOK": os.path.abspath(options.program),
                   "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    if options.quick:
        environment["TENTERHOOK_QUICK"] = "1"
    tests = find_tests(options.names)
    print(f"1..{len(tests)}")
    results = []
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        jobs = [pool.submit(run_test, name, environment) for name in tests if name not in ALONE]
        for job in concurrent.futures.as_completed(jobs):
            results.append(job.result())
            report(len(results), *results[-1])
    for name in tests:
        if name in ALONE:
            results.append(run_test(name, environment))
            report(len(results), *results[-1])
    passed, skipped = (sum(r[1] == status for r in results) for status in (0, 77))
    failed = len(results) - passed - skipped
    print(f"# end to end: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
