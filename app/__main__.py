"""``python -m app``: serve the models of a folder over HTTP."""

import gc
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from app.settings import Settings
from vae_core.errors import DogpeopleError
from vae_core.memory import keep_freed_memory

# Read when NumPy is first imported. Morphs run side by side on threads of ours; threads of
# NumPy's own below them would only make each wait for the others.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main() -> int:
    """Serve until told to stop; what cannot be served is said in one sentence."""
    gc.disable()  # what is made while the program starts is there to stay
    keep_freed_memory()
    try:
        settings = Settings.from_env()
        from app.morphing import Morpher

        with ThreadPoolExecutor(1) as ahead:
            models = ahead.submit(Morpher.from_settings, settings)
            import_fastapi()
            from app.serving import answer  # takes as long as reading the models

            morpher = models.result()
        return answer(settings, morpher)
    except DogpeopleError as error:
        print(f"dogpeople: {error}", file=sys.stderr)
        return 2


def import_fastapi() -> None:
    """Import FastAPI without its description of OpenAPI, which takes a tenth of a second to build.

    Only the pages of reference need it, and build it when they are first asked for. Nor is
    Pydantic's first version imported, only to see that none of our classes is one of its models.
    """
    from pydantic import BaseModel

    sys.modules["pydantic.v1"] = None  # type: ignore[assignment]  # to import it is an ImportError

    BaseModel.model_config["defer_build"] = True
    import fastapi  # noqa: F401

    del BaseModel.model_config["defer_build"]


if __name__ == "__main__":
    sys.exit(main())
