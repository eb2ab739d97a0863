"""Every example of a route file in the documents is right, once the file around it is there."""
import re
import tempfile
from pathlib import Path
from textwrap import dedent, indent

from harness import expect, make_certificate, run_program
from manual import DOCUMENTS

FRAME = ["version: 1\n", 'server: {listen: {address: "127.0.0.1:0", tls: off}}\n',
         'defaults: {AUTH actions: [{command: ["true"]}]}\n', "routes: [{name: a, path: /a}]\n"]


def whole(text):  # the example with what it leaves out, of a file or of a route
    text = "routes:\n" + text if text.startswith("  - ") else text
    if text.startswith(" "):
        secret = "    secret: an example's secret, long enough\n" if "provider:" in text else ""
        text = "routes:\n  - name: a\n    path: /a\n" + secret + indent(dedent(text), "    ")
    keys = re.findall(r"^\w+", text, re.M)
    text = "".join(line for line in FRAME if line.split(":")[0] not in keys) + text
    auth = "" if re.search("provider:|auth:", text) else "auth: {none: true},"
    return re.sub(r"/etc/tenterhook/\w+\.(crt|key)", r"server.\1", text.replace("AUTH", auth))


def check(example, page, directory):
    for name in re.findall(r"[\w./-]+\.json", re.sub(r"https://\S+", "", example)):
        Path(directory, name).write_text('{"$defs": {"repository": true}}', encoding="utf-8")
    Path(directory, "example.yaml").write_text(whole(example), encoding="utf-8")
    done = run_program("check", "--without-secrets", "-c", f"{directory}/example.yaml")
    expect(done.returncode, 0, f"{page}\n{done.stderr}")


with tempfile.TemporaryDirectory() as folder:
    make_certificate(folder)
    Path(folder, "schemas").mkdir()
    examples = [(text, page) for page in DOCUMENTS
                for text in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.S | re.M)]
    for example in examples:
        check(*example, folder)
expect(len(examples) > 5, True, f"there are {len(examples)} examples")
