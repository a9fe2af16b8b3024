"""No way out of this machine, for the tests and for every process that they start (SC-4).

Python loads a file of this name by itself when its folder stands in PYTHONPATH; tests/conftest.py puts it there and loads it too.
Whoever asks for another machine, by name or by address, gets an error; and since that may be swallowed it is noted as well: in
`attempts`, and in the file that OFFLINE_NOTES names, for what happens in another process. Drivers written in C (PostgreSQL's) pass by.
"""

import os
import sys

HERE = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "", None}
ASKING = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}
attempts: list[str] = []


class OutboundError(AssertionError):
    """Somebody tried to reach another machine."""


def watch(event: str, args: tuple) -> None:
    if event not in ASKING:
        return
    whom = args[0] if event.startswith("socket.get") else args[1]
    if isinstance(whom, tuple):
        whom = whom[0]
    elif event.startswith(("socket.connect", "socket.send")):
        return  # a path on this machine, or a socket that is connected already
    if isinstance(whom, bytes):
        whom = whom.decode("ascii", "replace")
    if whom in HERE:
        return
    attempts.append(f"{event} {whom}")
    if notes := os.environ.get("OFFLINE_NOTES"):
        with open(notes, "a", encoding="utf-8") as file:
            file.write(f"{event} {whom}: {' '.join(sys.argv)}\n")
    raise OutboundError(f"outbound connection to {whom}")


sys.addaudithook(watch)
