"""The forwarding tracker keeps every promise of the contract, on a service of its own for each test."""

import threading

import pytest

from trainyard_alternate_forwarding import plugin
from trainyard_alternate_forwarding.service import Service
from trainyard_alternate_forwarding.tracker import ForwardingTracker
from trainyard_core.hookspecs import Context
from trainyard_core.testing.tracker_suite import TrackerSuite


class Harness:
    def __init__(self, url):
        self._url = url

    def make_tracker(self):
        return ForwardingTracker(self._url)


class TestForwardingTracker(TrackerSuite):
    @pytest.fixture
    def harness(self):
        with Service() as service:
            serving = threading.Thread(target=service.serve_forever, args=(0.01,))
            serving.start()
            yield Harness(service.url)
            service.shutdown()
            serving.join()


async def test_the_plugin_offers_the_forwarding_tracker(tmp_path):
    (provider,) = plugin.register_trackers()
    tracker = provider.build(Context(folder=tmp_path, settings={"url": "http://127.0.0.1:1"}))
    assert provider.name == tracker.name == "forwarding"
    await tracker.aclose()


@pytest.mark.parametrize("settings", [{}, {"url": "http://x", "urls": "y"}])
def test_a_missing_or_wrong_setting_is_refused_and_named(tmp_path, settings):
    (provider,) = plugin.register_trackers()
    with pytest.raises(ValueError, match="url"):
        provider.build(Context(folder=tmp_path, settings=settings))
