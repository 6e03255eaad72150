from __future__ import annotations

import socket

import pytest
import redis

from registry.servers import redis as servers
from registry.servers.errors import ServerError
from registry.servers.layout import Layout


@pytest.fixture
def server(tmp_path):
    server = servers.Redis(Layout(tmp_path))
    server.start()
    yield server
    server.stop()


def _ping(layout, **other):
    return redis.Redis.from_url(layout.redis_url(), socket_timeout=2, **other).ping()


def test_it_answers_only_with_its_password(server):
    assert _ping(server.layout)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=server.layout.redis_port(), retry=None).ping()


def test_it_comes_back_on_the_same_port(server):
    port = server.layout.redis_port()
    server.stop()
    server.start()
    assert server.layout.redis_port() == port


def test_it_takes_another_port_when_its_own_was_taken(server):
    port = server.layout.redis_port()
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        server.start()
    assert server.layout.redis_port() != port
    assert _ping(server.layout)


def test_it_names_the_package_to_install_when_there_is_no_redis(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(servers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ServerError, match="apt-get install redis-server"):
        servers.installed_binary()
