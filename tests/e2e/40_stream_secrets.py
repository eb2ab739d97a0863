"""A secret of the route file that the command was given is masked in a stream too, also where it
comes in two pieces."""
import os

from harness import Server, expect, route, script
from streams import Stream

TOKEN = "a-token-of-the-route-file"
SAY = ('echo "it is $TOKEN"; printf "%s" "${TOKEN%-file}"; read -r line <"$OUT/gate"; '
       'echo "-file"; printf "%s" "${TOKEN%-file}"')
with Server([route("streamed", auth={"token": {"bearer": {"env": "TOKEN"}}}, content="raw",
                   actions=[script(SAY, name="run", stdin="none", pass_env=["TOKEN"])],
                   respond={"output": "run", "stream": True})],
            env={"TOKEN": TOKEN}) as server:
    server.secrets.add(TOKEN)
    gate = os.open(server.fifo("gate"), os.O_RDWR)
    with server.connect() as raw:
        answer = Stream(raw, headers={"Authorization": "Bearer " + TOKEN})
        answer.wait(b"it is [secret]\n")
        os.write(gate, b"x\n")
        expect(answer.rest(), (b"it is [secret]\n[secret]\na-token-of-the-route", "0"))
    server.wait_settled()
print("masked in one piece and in two")
