"""Every page of the cookbook is in its index and run by a test; shellcheck has nothing to say of
its scripts, and what the documents link to exists."""
import re
import shutil
import subprocess
from pathlib import Path

from cookbook import read_page
from harness import SOURCE, ensure, expect
from manual import DOCUMENTS

COOKBOOK = Path(SOURCE, "docs", "cookbook")
pages = sorted(path.stem for path in COOKBOOK.glob("*.md") if path.stem != "README")
index = re.findall(r"^\| \[([\w-]+)\.md\]", (COOKBOOK / "README.md").read_text(), re.M)
expect(sorted(index), pages, "the index")
tests = "".join(path.read_text() for path in Path(SOURCE, "tests/e2e").glob("35_cookbook_*.py"))
for page in pages:
    ensure(f'"{page}"' in tests, f"no test runs {page}")
    for name, text in read_page(page)[0].items():
        if name.endswith(".sh") and shutil.which("shellcheck"):
            done = subprocess.run(["shellcheck", "-"], input=text, capture_output=True, text=True)
            expect(done.returncode, 0, f"{page}, {name}: {done.stdout}")


def anchors(path):
    """What GitHub makes of the headings."""
    return {re.sub(r"[^\w -]", "", heading.strip()).lower().replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", path.read_text(), re.M)}


for document in DOCUMENTS:
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", document.read_text()):
        file, _, anchor = link.partition("#")
        target = document.parent / file if file else document
        ensure(target.exists(), f"{document}: {link} is not there")
        ensure(not anchor or anchor in anchors(target), f"{document}: {link} has no such heading")
