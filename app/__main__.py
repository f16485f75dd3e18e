"""``python -m app``: serve the models of a folder over HTTP."""

import os
import sys

# Read when NumPy is first imported. Morphs run side by side on threads of ours; threads of
# NumPy's own below them would only make each wait for the others.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from functools import partial
from typing import Any

import uvicorn

from app.journal import write_journal
from app.main import create_app
from app.protocol import PunctualProtocol
from app.settings import Settings
from vae_core.errors import DogpeopleError


def main() -> int:
    """Serve until told to stop; what cannot be served is said in one sentence."""
    try:
        settings = Settings.from_env()
        app = create_app(settings)
    except DogpeopleError as error:
        print(f"dogpeople: {error}", file=sys.stderr)
        return 2
    write_journal()
    protocol: Any = partial(PunctualProtocol, settings)
    uvicorn.run(
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
