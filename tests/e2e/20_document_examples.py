"""Every example of a route file in the documents is right, once the file around it is there."""
import os
import re
import subprocess
import tempfile
from glob import glob
from textwrap import dedent, indent

from harness import PROGRAM, SOURCE, expect, make_certificate

FRAME = {"version": "version: 1\n", "server": 'server: {listen: {address: "127.0.0.1:0", tls: off}}\n',
         "defaults": 'defaults: {AUTH actions: [{command: ["true"]}]}\n', "routes": "routes: [{name: a, path: /a}]\n"}


def whole(text):  # the example with what it leaves out, of a file or of a route
    text = "routes:\n" + text if text.startswith("  - ") else text
    if text.startswith(" "):
        secret = f"\n    secret: an example's secret, long enough\n" if "provider:" in text else "\n"
        text = "routes:\n  - name: a\n    path: /a" + secret + indent(dedent(text), "    ")
    frame = "".join(part for key, part in FRAME.items() if not re.search(rf"^{key}:", text, re.M))
    text = re.sub(r"/etc/tenterhook/\w+\.(crt|key)", r"server.\1", text)  # the pair of its own
    return frame.replace("AUTH", "" if re.search("provider:|auth:", text) else "auth: {none: true},") + text


def check(example, where, directory):
    for name in [*re.findall(r"[\w./-]+\.json", re.sub(r"https://\S+", "", example)), "example.yaml"]:
        with open(f"{directory}/{name}", "w", encoding="utf-8") as file:
            file.write(whole(example) if name == "example.yaml" else '{"$defs": {"repository": true}}')
    done = subprocess.run([PROGRAM, "check", "--without-secrets", "-c", file.name], capture_output=True, text=True)
    expect(done.returncode, 0, f"{where}\n{done.stderr}")


with tempfile.TemporaryDirectory() as folder:
    make_certificate(folder)
    os.mkdir(f"{folder}/schemas")
    examples = [(example, path) for path in glob(f"{SOURCE}/*.md") + glob(f"{SOURCE}/docs/**/*.md", recursive=True)
                for example in re.findall(r"^```yaml\n(.*?)^```", open(path, encoding="utf-8").read(), re.S | re.M)]
    for text, document in examples:
        check(text, document, folder)
expect(len(examples) > 5, True, f"there are {len(examples)} examples")
