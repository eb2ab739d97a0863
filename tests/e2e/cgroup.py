"""A cgroup of one's own with a limit on memory, of version 1 or 2."""
import os
import re
import tempfile

from harness import skip, wait_until

ENTER = 'echo $$ >"$0/cgroup.procs" && exec "$@"'


def memory_hierarchy():
    """Where cgroups with the memory controller can be made, and the names of its files."""
    with open("/proc/mounts", encoding="utf-8") as file:
        mounts = [line.split()[1:4] for line in file]
    for place, kind, options in mounts:
        if kind == "cgroup" and "memory" in options.split(","):
            return place, "memory.limit_in_bytes"
        if kind == "cgroup2" and "memory" in open(f"{place}/cgroup.subtree_control",
                                                  encoding="utf-8").read().split():
            return place, "memory.max"
    return skip("no cgroup with the memory controller is mounted here")


class MemoryGroup:
    def __init__(self, mebibytes):
        place, name = memory_hierarchy()
        try:
            self.path = tempfile.mkdtemp(prefix="tenterhook-", dir=place)
            with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
                file.write(str(mebibytes << 20))
        except OSError as error:
            skip(f"no cgroup can be made here: {error}")
        self.wrapper = ["sh", "-c", ENTER, self.path]  # the shell keeps its pid

    def __enter__(self):
        return self

    def kills(self):
        """By the kernel, for want of memory."""
        for name in ("memory.oom_control", "memory.events"):
            try:
                with open(os.path.join(self.path, name), encoding="utf-8") as file:
                    return int(re.search(r"^oom_kill (\d+)", file.read(), re.M)[1])
            except (OSError, TypeError):
                pass
        return 0

    def __exit__(self, *_):
        def gone():
            try:
                os.rmdir(self.path)
            except OSError:
                return False
            return True

        wait_until(gone, "the cgroup to be empty")
