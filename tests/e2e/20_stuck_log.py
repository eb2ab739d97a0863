"""A log reader that stops reading stops nothing: requests go on, lost lines are counted, and the
log goes on when it reads again."""
from harness import Server, ledger, route
from logpipe import LogPipe

pipe = LogPipe()
with Server([route(actions=[ledger()])], stderr=pipe.writing) as server:
    lost = pipe.check(server)
print(f"300 requests with a full log pipe: all answered and carried out; {lost} lost lines counted "
      f"by one process")
