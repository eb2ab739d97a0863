"""A form that a browser submits arrives as its fields and files, names with quotes included."""
import json
import shutil
import subprocess

from harness import PATIENCE, Server, expect, route, script, skip

PAGE = """<!DOCTYPE html><meta charset=utf-8>
<form action="%s/form" method=post enctype=multipart/form-data>
<input name='a "name"'><textarea name=text></textarea><input type=checkbox name=box>
<input type=file name=none><input type=file name=files multiple></form><script>
const form = document.forms[0], chosen = new DataTransfer();
form[0].value = 'Grüße & "quotes"'; form[1].value = 'two\\nlines\\\\';
chosen.items.add(new File(['one\\r\\n'], 'ä "b"; c.txt', {type: 'text/plain'}));
chosen.items.add(new File([new Uint8Array([0, 255, 13, 10, 45, 45])], 'x\\\\y.bin'));
form[4].files = chosen.files; form.submit();
</script>"""
GIVEN = script('cat >"$OUT/event"; cat "$TENTERHOOK_FILE_1" "$TENTERHOOK_FILE_2" >"$OUT/files"',
               stdin="event")
browser = shutil.which("chromium") or shutil.which("chromium-browser")
if not browser:
    skip("chromium is not installed")
with Server([route("form", auth={"none": True}, content="auto", actions=[GIVEN],
                   respond={"body": "thanks, {{form.text}}"})], plain=True) as server:
    page = server.write("page.html", PAGE % server.addresses[1])
    shown = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000",
         f"--user-data-dir={server.directory}/browser", "--dump-dom", "file://" + page],
        capture_output=True, text=True, timeout=120 * PATIENCE, check=False)
    server.wait_settled()
    expect(server.count(), 1, shown.stdout + shown.stderr[-1000:])
    event = json.loads(server.read("event"))
    expect(event["form"], {'a "name"': 'Grüße & "quotes"', "text": "two\r\nlines\\"})
    expect([(file["name"], file["filename"], file["content_type"], file["size"])
            for file in event["files"]],
           [("files", 'ä "b"; c.txt', "text/plain", 5),
            ("files", "x\\y.bin", "application/octet-stream", 6)])
    expect(server.read("files"), b"one\r\n\0\xff\r\n--")
    expect("thanks, two" in shown.stdout, True, shown.stdout)
