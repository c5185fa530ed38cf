"""Commands as statements: check, act and note are one text, so no sender can sleep in between (ADR 0014).

The lock keeps two commands apart. Its holder's end, however it comes, gives it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

from db.fence import RAISE, pair_row
from failover.actions import (
    AcceptWrites,
    AcknowledgeAlone,
    AwaitPeer,
    Command,
    Compare,
    Note,
    RestartSafely,
    SetFence,
    StartReceiver,
    StopReceiver,
)
from failover.state import Fence
from kernel.ids import PairId

SESSION = "SET SESSION sql_log_bin = 0, innodb_lock_wait_timeout = 1"
"""What is written stays on this server; who waits for an open transaction comes back later."""

GUARDED = Template(
    """
BEGIN NOT ATOMIC
  DECLARE is_done BOOL DEFAULT FALSE;
  IF GET_LOCK('portico_failover', 1) THEN
    IF NOT EXISTS (SELECT * FROM portico_fence.obeyed WHERE revision > %s) AND $allowed THEN
      $act
      INSERT INTO portico_fence.obeyed (id, revision) VALUES (1, %s)
        ON DUPLICATE KEY UPDATE revision = VALUES(revision);
      SET is_done = TRUE;
    END IF;
    DO RELEASE_LOCK('portico_failover');
  END IF;
  SELECT is_done;
END
"""
)

# A receiver that listens to a silent peer takes two seconds to stop, unless it is killed; and STOP SLAVE
# makes it forget that it was, so it gets a moment to see it.
STOP_RECEIVER = """
      BEGIN
        DECLARE receiver, looks BIGINT DEFAULT 0;
        DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;  -- it has ended meanwhile
        SELECT COALESCE(MAX(ID), 0) INTO receiver
          FROM information_schema.PROCESSLIST WHERE COMMAND = 'Slave_IO';
        IF receiver > 0 THEN
          KILL CONNECTION receiver;
        END IF;
        WHILE looks < 20 AND EXISTS
          (SELECT * FROM information_schema.PROCESSLIST WHERE ID = receiver)
        DO
          SET looks = looks + 1;
          DO SLEEP(0.01);
        END WHILE;
      END;
      STOP SLAVE IO_THREAD;"""

# A server that was started as a replica may have forgotten a commit of its own which its peer has, and
# which had come back to it, to be ignored: its position is past it. Then it must be sent once more.
# The applier starts first: if both start at once, MariaDB throws the relay log away.
START_RECEIVER = """
      BEGIN
        DECLARE own VARCHAR(64) DEFAULT
          CONCAT('(?<![0-9-])', @@GLOBAL.gtid_domain_id, '-[0-9]+-[0-9]+');
        DECLARE logged VARCHAR(64) DEFAULT REGEXP_SUBSTR(@@GLOBAL.gtid_binlog_pos, own);
        DECLARE passed VARCHAR(64) DEFAULT REGEXP_SUBSTR(@@GLOBAL.gtid_slave_pos, own);
        IF SUBSTRING_INDEX(passed, '-', -1) + 0 > SUBSTRING_INDEX(logged, '-', -1) + 0 AND NOT EXISTS
          (SELECT * FROM information_schema.PROCESSLIST WHERE COMMAND IN ('Slave_IO', 'Slave_SQL'))
        THEN
          SET GLOBAL gtid_slave_pos =
            TRIM(BOTH ',' FROM REGEXP_REPLACE(@@GLOBAL.gtid_slave_pos, own, logged));
        END IF;
      END;
      START SLAVE SQL_THREAD;
      START SLAVE IO_THREAD;"""

STATEMENTS: dict[type[Command], str] = {
    Note: "",
    Compare: "",
    RestartSafely: "",  # what follows is not the server's to do
    StopReceiver: STOP_RECEIVER,
    StartReceiver: START_RECEIVER,
    AwaitPeer: "SET GLOBAL rpl_semi_sync_master_enabled = ON;",
    AcknowledgeAlone: "SET GLOBAL rpl_semi_sync_master_enabled = OFF;",
    AcceptWrites: "SET GLOBAL read_only = OFF;",
}


@dataclass(frozen=True, slots=True)
class Act:
    """What a command does on the server, what must hold before, and the values of both."""

    statements: str
    arguments: Sequence[object] = ()
    allowed: str = "TRUE"
    conditions: Sequence[object] = ()


def guarded(command: Command, pair: PairId) -> tuple[str, Sequence[object]]:
    """Return the text of a command, with its values; it answers one row, ``is_done``."""
    act = _act(command, pair)
    text = GUARDED.substitute(allowed=act.allowed, act=act.statements)
    return text, (command.revision, *act.conditions, *act.arguments, command.revision)


def state_of(fence: Fence) -> str:
    """Return the word of a fence row."""
    return "open" if fence.is_open else "closed"


def _act(command: Command, pair: PairId) -> Act:
    if not isinstance(command, SetFence):
        return Act(STATEMENTS[type(command)])
    row, fence = pair_row(pair, command.side), Fence(command.term, command.is_open)
    return Act(
        f"{RAISE};",
        (row, fence.term, state_of(fence)),
        "NOT EXISTS (SELECT * FROM portico_fence.fence WHERE name = %s AND epoch > %s)",
        (row, fence.term),
    )
