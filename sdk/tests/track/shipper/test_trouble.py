"""Servers and tokens that do not work: each is an answer, the data stay, and no secret is told."""

import pytest
from content import RUN, fill, texts

from trainyard.track import frames
from trainyard.track.frames import Kind, Line
from trainyard.track.shipper import SLOWEST, Shipper, Target


@pytest.mark.parametrize("trouble", ["503", "500", "429", "lose", "store"])
def test_trouble_is_an_answer_and_the_next_pass_goes_on(root, platform, ship, trouble):
    writer = fill(root, 50)
    platform.plan = [trouble, trouble]
    shipper = ship()
    progress = shipper.ship()
    assert progress.error
    assert not progress.fatal
    assert progress.pending == 50
    assert 0 < shipper.delay() <= 60
    platform.plan = []
    assert ship().ship().error == ""
    assert texts(platform, writer.writer) == list(range(50))
    writer.close()


def test_a_renewed_token_is_read_again(root, platform, ship, token_file):
    writer = fill(root, 3)
    shipper = ship()
    shipper.ship()
    platform.token = "secret-2"
    token_file.write_text("secret-2")
    writer.append(Kind.LOGS, frames.pack_lines([Line(0, 1, "3")]))
    assert shipper.ship() == (1, 0, "", False)
    writer.close()


def test_a_wrong_token_is_named_by_its_place_and_not_by_its_value(root, platform, ship, token_file):
    writer = fill(root, 3)
    token_file.write_text("wrong-secret")
    progress = ship().ship()
    assert str(token_file) in progress.error
    assert "wrong-secret" not in progress.error
    assert not progress.fatal
    writer.close()


@pytest.mark.parametrize("token", ["odd-secret\n2", "odd-secret-é€"])
def test_a_token_that_cannot_be_sent_is_trouble_and_is_not_told(root, platform, ship, token_file, token):
    writer = fill(root, 3)
    progress = ship(token=token).ship()
    assert progress.pending == 3
    assert "cannot be sent" in progress.error
    assert "odd-secret" not in progress.error
    writer.close()


@pytest.mark.parametrize("status", ["404", "422", "403"])
def test_a_refusal_is_fatal_and_keeps_the_data(root, platform, ship, status):
    writer = fill(root, 3)
    platform.plan = [status]
    progress = ship().ship()
    assert progress.fatal
    assert progress.pending == 3
    assert status in progress.error
    writer.close()


def test_a_writer_whose_frames_are_refused_does_not_stop_the_others(root, platform, ship):
    writers = {writer.writer: writer for writer in (fill(root, 10) for _ in range(3))}
    platform.plan = ["422"]
    progress = ship().ship()
    assert (progress.sent, progress.pending, progress.fatal) == (20, 10, True)
    assert len(platform.frames) == 2
    for writer in writers.values():
        writer.close()


def test_a_batch_that_is_too_large_is_halved(root, platform, ship):
    writer = fill(root, 200)
    platform.limit = 1000
    assert ship().ship().error == ""
    assert texts(platform, writer.writer) == list(range(200))
    writer.close()


def test_a_hanging_server_costs_the_timeout_and_no_more(root, platform, ship):
    writer = fill(root, 3)
    platform.plan = ["hang", "hang"]
    progress = ship(timeout=0.2).ship()
    assert "timed out" in progress.error
    assert progress.pending == 3
    platform.release.set()
    writer.close()


def test_a_dead_server_is_an_answer(root, ship):
    writer = fill(root, 3)
    progress = ship(url="http://127.0.0.1:9").ship()
    assert progress == (0, 3, progress.error, False)
    assert "127.0.0.1:9" in progress.error
    writer.close()


def test_a_server_that_speaks_no_http_is_an_answer(root, ship):
    import socket
    import threading

    writer = fill(root, 1)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk():
            peer, _ = server.accept()
            peer.sendall(b"SSH-2.0-hello\r\n\r\n")
            peer.close()

        thread = threading.Thread(target=talk)
        thread.start()
        assert ship(url=f"http://127.0.0.1:{server.getsockname()[1]}").ship().error
        thread.join()
    writer.close()


def test_a_connection_that_is_reset_while_it_is_made_is_an_answer(root, platform, ship):
    writer = fill(root, 3)
    shipper = ship()

    def reset(*args):
        raise ConnectionResetError("reset by peer")

    shipper._wire._made._create_connection = reset
    assert "reset by peer" in shipper.ship().error
    writer.close()


def test_delays_grow_to_a_quarter_of_what_a_server_waits(root, ship):
    shipper = ship(url="http://127.0.0.1:9")
    fill(root, 1).close()
    waits = []
    for _ in range(12):
        shipper.ship()
        waits.append(shipper.delay())
    assert waits[0] <= 1.0
    assert SLOWEST / 2 <= waits[-1] <= SLOWEST


def test_a_bad_url_says_what_a_good_one_is(root):
    with pytest.raises(ValueError, match="http://host:port"):
        Shipper(root, Target("localhost:8400", "p", RUN, ""))
