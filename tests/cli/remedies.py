#!/usr/bin/env python3
"""The tables of docs/troubleshooting.md are those of the rows: remedies.py PRINTER [--update]"""
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "troubleshooting.md"
printed = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=False)
tables = re.findall(r"<!-- (\w+) -->\n((?:\|.*\n)+)", printed.stdout)
wanted = page = PAGE.read_text(encoding="utf-8")
for name, table in tables:
    place = rf"(<!-- {name} -->\n)(?:\|.*\n)*"
    assert re.search(place, wanted), f"{PAGE} has no place for {name}"
    wanted = re.sub(place, lambda found, rows=table: found[1] + rows, wanted)
if "--update" in sys.argv:
    PAGE.write_text(wanted, encoding="utf-8")
    page = wanted
print("1..2")
print(f"{'not ok' if printed.returncode else 'ok'} 1 - every refusal and warning has a remedy")
print(f"{'ok' if len(tables) == 2 and page == wanted else 'not ok'} 2 - docs/troubleshooting.md")
if printed.returncode or page != wanted:
    print("#", printed.stderr, f"{sys.argv[0]} {sys.argv[1]} --update writes the page anew")
    sys.exit(1)
