"""``python -m app``: serve the models of a folder over HTTP."""

import os
import sys

# Read when NumPy is first imported. Morphs run side by side on threads of ours; threads of
# NumPy's own below them would only make each wait for the others.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import uvicorn

from app.main import create_app
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
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        server_header=False,
        timeout_graceful_shutdown=15,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
