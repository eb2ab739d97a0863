"""Built with sanitizers, every process looks for leaks when it leaves: supervisor, runner,
checkpointer and listeners."""
import os

from harness import Server, ensure, expect, ledger, route, skip

if os.environ.get("TENTERHOOK_SANITIZED") != "1":
    skip("not built with sanitizers")
with Server([route(actions=[ledger()])], start=False) as server:
    said = server.make_directory("said")  # a file for each process, by its pid
    server.env["LSAN_OPTIONS"] = "log_threads=1"
    server.env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + f":log_path={said}/of"
    server.start()
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    pids = [server.pid] + [pid for role in ("runner", "listener", "checkpointer")
                           for pid in server.processes(role)]
    expect(len(pids), 5, "processes")
    server.stop()
    for pid in pids:
        try:
            with open(f"{said}/of.{pid}", encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            text = ""
        ensure(f"Processing thread {pid}" in text, f"process {pid} did not look: {text[:500]}")
        ensure("ERROR" not in text, f"process {pid}: {text[:3000]}")
