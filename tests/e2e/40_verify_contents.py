"""verify shows what a body is made into: the JSON of XML, and the fields and files of a form."""
import json

from harness import Server, ensure, expect, route, run_program

XML = '<order id="7"><total>150.50</total></order>'
FORM = ('--b\r\nContent-Disposition: form-data; name="album"\r\n\r\ngar\nden\r\n'
        '--b\r\nContent-Disposition: form-data; name="photo"; filename="a b.jpg"\r\n\r\nabc\r\n'
        '--b--\r\n')
HEAD = "POST /{} HTTP/1.1\r\nHost: x\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}"
dear = [{"value": "payload.order.total", "as": "number", "greater": 100}]
with Server([route("xml", auth={"none": True}, content="xml", when=dear),
             route("form", auth={"none": True}, content="multipart")]) as server:
    def verify(path, kind, body, *options):
        with open(server.directory + "/request", "w", encoding="utf-8", newline="") as file:
            file.write(HEAD.format(path, kind, len(body), body))
        done = run_program("verify", "-c", server.file, "--request", file.name, *options)
        expect(done.returncode, 0, done.stdout)
        return done.stdout

    text = verify("xml", "text/xml", XML)
    for line in ('payload    {"order":{"-id":"7","total":"150.50"}}',
                 'condition  holds: payload.order.total as number greater 100; it is "150.50"'):
        ensure(line in text, text)
    text = verify("form", "multipart/form-data; boundary=b", FORM)
    for line in ("field      album: gar\\nden", "file       photo: a b.jpg, 3 bytes"):
        ensure(line in text, text)
    shown = json.loads(verify("form", "multipart/form-data; boundary=b", FORM, "--json"))
    expect(shown["form"], {"album": "gar\nden"})
    expect(shown["files"], [{"name": "photo", "filename": "a b.jpg", "size": 3}])
