"""Late transactions: what a lost master committed and its peer never received.

They are found in the returning server's binary log and kept, row by row with both images, at the peer
(``shelf``) before anything is undone. An operator then withdraws them from the returning server, so that it
can rejoin, and decides of each whether it is applied at the present owner or dismissed. Nothing is ever
deleted.
"""

from failover.late.deciding import Guard, NotOwnerError, Outcome, Selection
from failover.late.desk import apply, dismiss, keep, listed, withdraw
from failover.late.rows import UnreadableError
from failover.late.withdrawing import NotWithdrawableError, Withdrawal

__all__ = [
    "Guard",
    "NotOwnerError",
    "NotWithdrawableError",
    "Outcome",
    "Selection",
    "UnreadableError",
    "Withdrawal",
    "apply",
    "dismiss",
    "keep",
    "listed",
    "withdraw",
]
