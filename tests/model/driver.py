"""Steps at random against the built program. One server is driven through several seeds: each has
its own events and keys, and ends when all of these have ended."""
import os
import random
import re
import shutil
import signal
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from harness import Failure, Server, expect, route, wait_until  # noqa: E402
from reference import Done, Rules, Sent, World, check, read_ledger  # noqa: E402
from senders import github_headers  # noqa: E402
from wallclock import WallClock  # noqa: E402
from workers import worker  # noqa: E402

BACKOFF = 40  # ms
RETRY = {"attempts": 3, "backoff": f"{BACKOFF}ms", "max_backoff": "100ms", "on": [75, "start"]}
BY_KEY = {"per": "payload.key"}
ROUTES = {
    "plain": {},
    "once": {"on_crash": "fail"},
    "few": {"concurrency": {"max": 2}},
    "ordered": {"concurrency": {"max": 1, **BY_KEY}},
    "newest": {"concurrency": {"max": 1, "when_full": "cancel_running", **BY_KEY}},
    "burst": {"coalesce": {"window": "50ms", "max_wait": "200ms", **BY_KEY}},
    "paced": {"start_rate": "50/s"},
    "worker": {},
    "changing": {},
}
# What a reload may make of the last of them.
CHANGES = ROUTES["ordered"], ROUTES["newest"], ROUTES["burst"], ROUTES["paced"], {}, \
    {"concurrency": {"max": 2, **BY_KEY}}, {**ROUTES["ordered"], **ROUTES["burst"]}, \
    {**ROUTES["newest"], **ROUTES["burst"]}
TELLS = {"on_failure": {"command": ["/bin/true"], "stdin": "none"}, "tell_every": "100ms"}
# What the command does; of a plan without end the third failure is final.
WORKER = """
for event in events():
    def tell(what, status):
        note(f"{what} {event['id']} worker {event['attempt']} {status} {time.monotonic_ns()} 0")
    plan = event["payload"]["plan"].split(".")
    number = min(event["attempt"], len(plan))
    status = int(plan[number - 1])
    status = 1 if status == 75 and event["attempt"] > 3 else status
    tell("begin", -1)
    time.sleep(event["payload"]["ms"] / 1000)
    tell("end", status)
    say(event, **({"ok": True} if status == 0 else
                  {"retry_after": 0.1} if status == 75 else {"dead": "it says so"}))
"""
PLANS = ["0"] * 6 + ["75.0", "75.75.0", "75", "1", "3.0"]
OF_ACTION = ("retry", "on_crash")


def rules_of(name):
    keys = ROUTES[name]
    limit = keys.get("concurrency", {})
    if name == "changing":
        return Rules(attempts=RETRY["attempts"], newest_wins=True, folds=True)
    return Rules(attempts=99 if name == "worker" else RETRY["attempts"],
                 backoff_ns=BACKOFF * 1000000,
                 at_once=limit.get("max", 0), by_key="per" in limit,
                 newest_wins="when_full" in limit, folds="coalesce" in keys,
                 crash_is_final=keys.get("on_crash") == "fail")


class Driver:
    def __init__(self, program, action):
        self.clock = WallClock()
        self.offset = 0
        self.seen = 0  # bytes of the ledger of seeds before
        self.server = Server([], start=False, env=self.clock.env,
                             server={"listeners": 1, "commands": 8})
        copy = os.path.join(self.server.directory, "model_action")
        shutil.copy(action, copy)
        os.chmod(copy, 0o755)
        self.action = {"command": [copy, "@OUT@/ledger", "{{payload.plan}}", "{{payload.ms}}"],
                   "stdin": "none", **({"retry": RETRY} if len(RETRY) > 1 else {})}
        self.server.settings["routes"] = [self.route_of(name, keys)
                                          for name, keys in ROUTES.items()]
        self.server.write_settings()
        self.connection = None

    def route_of(self, name, keys):
        action = worker(WORKER) if name == "worker" else \
            {**self.action, **{key: keys[key] for key in keys if key in OF_ACTION}}
        return route(name, actions=[action], **TELLS,
                     **{key: value for key, value in keys.items() if key not in OF_ACTION})

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *failure):
        self.drop_connection()
        self.server.__exit__(*failure)

    # -- talking to it --

    def drop_connection(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def post(self, path, body, headers):
        """An answer, however often it is asked for: the same delivery each time."""
        until = time.monotonic() + 30  # a runner that dies again and again is started after 10 s
        while time.monotonic() < until:
            try:
                self.connection = self.connection or self.server.connect(timeout=30)
                answer = self.connection.request("POST", path, body, headers)
                if answer.status != 503:
                    return answer
            except OSError:
                self.drop_connection()
            time.sleep(0.02)  # the server, or its runner, is being started anew
        raise Failure("no answer for 30 s")

    # -- a seed --

    def run(self, seed, steps):
        self.chance = random.Random(seed)
        self.prefix = f"{seed}-"
        self.deliveries, self.paused = {}, {}
        self.world = World({name: rules_of(name) for name in ROUTES},
                           contained=" contained " in self.server.log())
        kinds = list(STEPS)
        for _ in range(steps):
            step = self.chance.choices(kinds, [STEPS[kind] for kind in kinds])[0]
            step(self)
        for name in list(self.paused):
            self.resume(name)
        self.settle()
        faults = check(self.world)
        expect(self.server.tool("prune", "--older-than", "1s").returncode, 0, "prune")
        alarms = re.findall(r".* journal_(?:missing|changed) .*", self.server.log())
        return faults + alarms

    def mark(self, what, from_ns, event="", handed_over=()):
        self.world.done.append(Done(what, from_ns, time.monotonic_ns(), event, handed_over))

    def settle(self):
        world = self.world
        ids = set(world.sent)

        def rows():
            return {row[0]: row for row in self.server.query(
                "SELECT e.id, e.seq, d.state, d.attempt, d.reason, d.superseded_by FROM event e"
                " JOIN delivery d ON d.seq >> 8 = e.seq WHERE e.seq > ? AND d.seq & 255 < 254",
                self.first())
                if row[0] in ids}

        def ended():
            return not self.server.count("delivery", "state IN ('pending', 'running')")

        try:
            wait_until(ended, "all deliveries to end", 20)
        except Failure as failure:
            raise Failure(f"{failure}\n{self.what_waits()}") from None
        for found in rows().values():
            world.rows[found[0]] = found[2:]
            world.sent[found[0]].number = found[1]
        text = self.server.read("ledger").decode()
        attempts, doubled = read_ledger(text[self.seen:])
        self.seen = len(text)
        self.newest = max((row[1] for row in rows().values()), default=self.first())
        world.attempts.update(attempts)
        world.faults += doubled + [f"{event} ran and was not acknowledged"
                                   for event in attempts if event not in ids]

    def what_waits(self):
        """What people would look at."""
        rows = self.server.query(
            "SELECT e.id, e.route, d.action, d.state, d.attempt, d.due_ms, d.wait_ms, d.failures,"
            " d.takeovers, d.alone, d.key, d.fold, d.superseded_by, d.runner, d.reason"
            " FROM delivery d JOIN event e ON e.seq = d.seq >> 8"
            " WHERE d.state IN ('pending', 'running')")
        routes = self.server.query("SELECT * FROM route")
        return "\n".join(map(str, rows[:20])) + f"\nroutes: {routes}"

    def first(self):
        return getattr(self, "newest", 0)

    # -- steps --

    def send(self, name=None):
        name = name or self.chance.choice(list(ROUTES))
        key = self.prefix + self.chance.choice("abc")
        plan, ms = self.chance.choice(PLANS), self.chance.choice([0, 0, 1, 5, 30])
        body = b'{"key": "%s", "plan": "%s", "ms": %d}' % (key.encode(), plan.encode(), ms)
        delivery = str(uuid.UUID(int=self.chance.getrandbits(128)))
        answer = self.post("/" + name, body, github_headers(body, delivery=delivery))
        expect(answer.status, (200, 202), "an event")  # 200: its first answer was lost
        event = answer.json()["id"]
        self.deliveries[delivery] = event, name, body
        self.world.sent[event] = Sent(event, name, key, [int(s) for s in plan.split(".")], ms,
                                      time.monotonic_ns())

    def flood(self):
        name = self.chance.choice([None, *ROUTES])
        for _ in range(self.chance.randrange(5, 25)):
            self.send(name)

    def send_again(self):
        if not self.deliveries:
            return
        delivery = self.chance.choice(list(self.deliveries))
        event, name, body = self.deliveries[delivery]
        begun = time.monotonic_ns()
        answer = self.post("/" + name, body, github_headers(body, delivery=delivery))
        expect((answer.status in (200, 202), answer.json().get("id")), (True, event), "a copy")
        if answer.status == 202:
            self.mark("copy", begun, event)

    def replay(self):
        if not self.deliveries:
            return
        event = self.chance.choice(list(self.deliveries.values()))[0]
        begun = time.monotonic_ns()
        expect(self.server.tool("replay", event).returncode, (0, 1), "replay")
        self.mark("replay", begun, event)

    def cancel(self):
        if not self.deliveries:
            return
        event = self.chance.choice(list(self.deliveries.values())[-5:])[0]
        begun = time.monotonic_ns()
        expect(self.server.tool("cancel", event).returncode, (0, 1), "cancel")
        self.mark("cancel", begun, event)

    def pause(self):
        name = self.chance.choice(list(ROUTES))
        if name in self.paused:
            self.resume(name)
            return
        expect(self.server.tool("pause", name).returncode, 0, "pause")
        handed_over = self.server.query(  # it may be a while until they write that they begin
            "SELECT e.id, d.attempt FROM event e JOIN delivery d ON d.seq >> 8 = e.seq"
            " WHERE e.route = ? AND d.state = 'running' AND d.seq & 255 < 254", name)
        self.paused[name] = time.monotonic_ns(), handed_over

    def resume(self, name):
        from_ns, handed_over = self.paused.pop(name)
        self.mark("pause", from_ns, name, handed_over)
        expect(self.server.tool("resume", name).returncode, 0, "resume")

    def kill_runner(self):
        """More than once, too: what ran then runs alone, or is given up."""
        for _ in range(self.chance.choice([1, 1, 1, 1, 1, 1, 2, 3])):
            runners = self.server.processes("runner")
            begun = time.monotonic_ns()
            for pid in runners:
                self.server.kill(pid)
            wait_until(lambda: set(self.server.processes("runner")) - set(runners),
                       "another runner")
            self.mark("kill runner", begun)
            time.sleep(self.chance.choice([0, 0.1]))

    def kill_all(self):
        begun = time.monotonic_ns()
        self.drop_connection()
        self.server.kill_all()
        self.server.start()
        self.mark("kill all", begun)

    def stop(self):
        begun = time.monotonic_ns()
        self.drop_connection()
        self.server.stop()
        self.server.start()
        self.mark("stop", begun)

    def reload(self):
        begun = time.monotonic_ns()
        if self.chance.random() < 0.7:
            self.server.settings["routes"][-1] = self.route_of("changing",
                                                               self.chance.choice(CHANGES))
            self.server.write_settings()
        serving = len(re.findall(r"\bserving\b", self.server.log()))
        self.server.send_signal(signal.SIGHUP)
        wait_until(lambda: len(re.findall(r"\bserving\b", self.server.log())) > serving,
                   "the end of a reload")
        self.mark("reload", begun)

    def jump(self):
        """The wall clock is set, an hour at most."""
        self.offset = self.chance.randrange(-3600, 3600)
        self.clock.offset(self.offset)

    def wait(self):
        time.sleep(self.chance.choice([0.001, 0.01, 0.05]))


STEPS = {Driver.send: 60, Driver.flood: 4, Driver.send_again: 12, Driver.wait: 10,
         Driver.replay: 2, Driver.cancel: 2, Driver.pause: 0.3, Driver.kill_runner: 0.7,
         Driver.kill_all: 0.4, Driver.stop: 0.4, Driver.reload: 0.7, Driver.jump: 0.5}
