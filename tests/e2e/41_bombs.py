"""What becomes large or is a million small things is refused in a second, in little memory."""
import re
import time
from contextlib import suppress

from folding import with_program, with_zlib
from harness import PATIENCE, Server, ensure, read_proc, route

MILLION, ZEROS = 10 ** 6, bytes(32 << 20)
MOST = int(48 * PATIENCE ** 2) << 20  # a sanitizer keeps what is freed
TYPES = {"form": "application/x-www-form-urlencoded", "json": "application/json", "xml": "text/xml",
         "multipart": "multipart/form-data; boundary=x"}
PART = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n"
LAUGHS = b"<!DOCTYPE a [<!ENTITY b0 'ha'>%s]><a>&b29;</a>" % b"".join(
    b"<!ENTITY b%d '&b%d;&b%d;'>" % (n + 1, n, n) for n in range(29))
BOMBS = (("form", "", b"&".join(b"%d=" % n for n in range(MILLION))),
         ("form", "", b"payload={}&" + b"a=b&" * MILLION), ("multipart", "", PART * MILLION),
         ("multipart", "", b"--x\r\n\r\n\r\n" * MILLION), ("multipart", "", b"--x\r\n" * MILLION),
         ("xml", "", LAUGHS), ("xml", "", b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a>&b;</a>"),
         ("xml", "", b"<a>" * MILLION), ("xml", "", b"<r>" + b"<a/>" * 1100000),
         ("xml", "", b"<r " + b"".join(b'a%x="" ' % n for n in range(MILLION)) + b"/>"),
         ("json", "", b"[" * MILLION), ("json", "deflate", with_zlib(ZEROS, 15)),
         ("form", "gzip", with_zlib(ZEROS, 31)), ("xml", "br", with_program("brotli", "-1")(ZEROS)),
         ("multipart", "zstd", with_program("zstd", "-qc")(ZEROS) * 100))
hooks = [route(name, content=name, auth={"none": True}, max_body="64MiB") for name in TYPES]
hooks += [route("auto-" + name, content="auto", auth={"none": True}, max_body="64MiB",
                **({"json_field": "payload"} if name == "form" else {})) for name in TYPES]
with Server(hooks, plain=True, server={"listeners": 1}) as server:
    pid = server.processes("listener")[0]
    for kind, coding, body in BOMBS:
        head = {"Content-Type": TYPES[kind], "Content-Encoding": coding}
        for path in ("/" + kind, "/auto-" + kind):
            with suppress(PermissionError), open(f"/proc/{pid}/clear_refs", "wb") as file:
                file.write(b"5")  # the peak begins anew
            begun = time.monotonic()
            status = server.request("POST", path, body, head, index=1).status
            took = time.monotonic() - begun
            peak = int(re.search(r"VmHWM:\s+(\d+)", read_proc(pid, "status"))[1]) << 10
            ensure(status in (400, 413) and took < PATIENCE and peak - len(body) < MOST,
                   f"{path} {body[:40]}: {status}, {took:.2f} s, {peak} bytes")
