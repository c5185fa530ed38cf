"""What one look after the other says about replication, second by second."""

from typing import Any

import pytest

from failover.database.receiver import MOST_STEPS, Lag, Receiver

BEAT_SECONDS = 0.2


def status(beats: int, state: str = "Yes", period: float = BEAT_SECONDS) -> dict[str, Any]:
    return {
        "Slave_IO_Running": state,
        "Slave_received_heartbeats": beats,
        "Slave_heartbeat_period": period,
        "Master_Log_File": "binlog.000001",
        "Read_Master_Log_Pos": 4,
        "Gtid_IO_Pos": "",
    }


def test_a_receiver_is_heard_only_when_something_has_moved() -> None:
    receiver = Receiver()

    assert receiver.look(status(7), 0, 0, 10.0).silent_seconds > 0
    heard = receiver.look(status(8), 0, 0, 10.2)

    assert (heard.silent_seconds, heard.heard_seconds) == (0, 0)
    assert receiver.look(status(9), 0, 0, 10.4).heard_seconds == pytest.approx(0.2)


@pytest.mark.parametrize("period", [BEAT_SECONDS, 1.0])
def test_three_missed_heartbeats_are_silence_and_fewer_are_none(period: float) -> None:
    receiver = Receiver()
    receiver.look(status(7, period=period), 0, 0, 10.0)
    receiver.look(status(8, period=period), 0, 0, 11.0)

    assert receiver.look(status(8, period=period), 0, 0, 11.0 + 2.9 * period).silent_seconds == 0
    silence = receiver.look(status(8, period=period), 0, 0, 11.0 + 3.1 * period)
    again = receiver.look(status(9, period=period), 0, 0, 11.0 + 4 * period)

    assert silence.silent_seconds == pytest.approx(3.1 * period)
    assert (again.silent_seconds, again.heard_seconds) == (0, 0)


@pytest.mark.parametrize("state", ["Connecting", "Preparing", "No"])
def test_a_receiver_without_a_connection_is_silent_at_once(state: str) -> None:
    receiver = Receiver()
    receiver.look(status(7), 0, 0, 10.0)
    receiver.look(status(8), 0, 0, 10.2)

    lost = receiver.look(status(8, state), 0, 0, 10.3)

    assert lost.silent_seconds > 0
    assert lost.runs is (state != "No")


def test_a_server_without_a_peer_has_no_receiver() -> None:
    assert not Receiver().look(None, 0, 0, 10.0).runs


def test_lag_is_the_age_of_the_oldest_that_is_not_applied() -> None:
    lag = Lag()

    assert lag.look(5, 5, 10.0) == 0
    assert lag.look(6, 5, 10.1) == 0
    assert lag.look(9, 5, 10.5) == pytest.approx(0.4)
    assert lag.look(9, 6, 10.6) == pytest.approx(0.1)
    assert lag.look(9, 9, 10.7) == 0


def test_lag_remembers_the_oldest_however_long_it_grows() -> None:
    lag = Lag()
    for number in range(2 * MOST_STEPS):
        seconds = lag.look(number + 1, 0, float(number))

    assert seconds == 2 * MOST_STEPS - 1
