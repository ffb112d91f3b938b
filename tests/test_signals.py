import signal

import pytest

from ganzoo.signals import stop_request


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_remembered(number):
    with stop_request() as stop:
        assert stop.signal == 0
        signal.raise_signal(number)
        assert stop.signal == number


def test_a_second_ctrl_c_stops_at_once():
    with stop_request(), pytest.raises(SystemExit) as caught:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert caught.value.code == 130


def test_the_handlers_that_were_there_come_back():
    before = signal.getsignal(signal.SIGINT)
    with stop_request():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
