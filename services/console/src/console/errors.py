"""How a verb can fail, and the exit code that says so to a script."""

from enum import IntEnum


class Ending(IntEnum):
    """Exit codes of ``portico``; 2 is typer's: the words were wrong."""

    DONE = 0
    """Done, or it was so already."""
    FAILED = 1
    """It could not be asked, or something is wrong."""
    REFUSED = 3
    """Refused; nothing was changed."""
    TAKEN_BACK = 4
    """Begun, not finished in time, and taken back: everything is as before."""
    GOES_ON = 5
    """Not finished yet; it goes on without this command."""
    STOPPED = 6
    """Stopped until somebody decides: a returning datacentre has what its peer lacks."""


class ConsoleError(Exception):
    """What the operator has to know, in one sentence."""

    ending = Ending.FAILED


class RefusedError(ConsoleError):
    """The failover service said no; ``code`` is stable, the sentence is for people."""

    ending = Ending.REFUSED

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{why} ({code})")
        self.code = code
        self.why = why


class TakenBackError(ConsoleError):
    """A switch was over its budget, or a fault came between."""

    ending = Ending.TAKEN_BACK


class GoesOnError(ConsoleError):
    """Nobody waits any more, yet the services go on."""

    ending = Ending.GOES_ON


class StoppedError(ConsoleError):
    """The services wait for an operator's decision."""

    ending = Ending.STOPPED
