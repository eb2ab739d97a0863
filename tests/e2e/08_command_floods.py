"""A command that floods 1 GiB of output is read to its end: the last bytes are kept, memory stays
flat, others are served."""
from harness import QUICK, Server, ensure, expect, ledger, resident_bytes, route, script, wait_until

MIB = 128 if QUICK else 1024
flood = script(f"head -c {MIB}M /dev/zero | tr '\\0' x; echo the last words", timeout="5m",
               output="4KiB")
with Server([route("flood", actions=[flood]), route(actions=[ledger()])]) as server:
    runner = server.processes("runner")[0]
    before = most = resident_bytes(runner)
    expect(server.post("/flood", b"{}").status, 202)
    expect(server.post("/hook", b"{}").status, 202)
    wait_until(server.ledger, "the other route's command, meanwhile", 30)

    def ended():
        global most
        most = max(most, resident_bytes(runner))
        return server.count("delivery", "state = 'done'") == 2

    wait_until(ended, "the end of the flood", 120)
    ensure(most - before < 8 << 20, f"the runner grew by {(most - before) >> 10} KiB")
    total, kept = server.query(
        "SELECT output_total, output FROM output ORDER BY output_total DESC")[0]
    expect(total, (MIB << 20) + len("the last words\n"), "bytes counted")
    ensure(kept.endswith(b"xxx" + b"the last words\n"), f"the end is kept: {kept[-40:]}")
    ensure(len(kept) <= 4096, f"{len(kept)} bytes kept of 4096")
print(f"{total} bytes flooded, {len(kept)} kept, the runner grew by {max(0, most - before) >> 10} "
      f"KiB")
