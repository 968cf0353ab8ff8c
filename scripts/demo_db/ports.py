"""TCP ports of the loopback interface."""

import socket

LOOPBACK = "127.0.0.1"


def pick() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody answers on the port."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0
