"""Answering over HTTP, in one process or in several."""

import gc
import os
import socket
import sys
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI

from app.journal import write_journal
from app.main import create_app
from app.morphing import Morpher
from app.protocol import PunctualProtocol
from app.settings import Settings
from app.workers import Crew, Worker


def answer(settings: Settings, morpher: Morpher) -> int:
    """Serve until told to stop; return the exit status.

    What is there by then is left out when garbage is collected: it would be looked through in vain.
    Several processes share the weights as they are laid out; one does that with its first morph.
    """
    app = create_app(settings, morpher)
    gc.freeze()
    gc.enable()
    if settings.workers == 1:
        serve(app, settings, None, 0)
        return 0
    try:
        listener = listen(settings)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        print(f"dogpeople: {settings.host}:{settings.port}: {reason}.", file=sys.stderr)
        return 2
    for checkpoint in morpher.checkpoints.values():
        checkpoint.lay_out()
    return Crew(partial(serve, app, settings, listener), settings.workers).run()


def listen(settings: Settings) -> socket.socket:
    """Open the socket that all workers take connections from; OSError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family)


def serve(app: FastAPI, settings: Settings, listener: socket.socket | None, worker: int) -> None:
    """Be one of the processes that answer."""
    app.state.metrics.begin(worker)
    protocol: Any = partial(PunctualProtocol, settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=protocol,
        ws="none",
        access_log=False,  # it would tell addresses and queries; the journal does not
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    write_journal(settings.logs, worker)
    server = Worker(config, listener) if listener else uvicorn.Server(config)
    server.run()
