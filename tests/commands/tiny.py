"""``python -m tests.commands.tiny``: the command line with the tests' own preset.

SAVE_SECONDS in the environment says how often to save; SLOW_SAVE makes every save hang.
"""

import os
import sys
import time

from tests.drawn import PRESET
from vae_core.__main__ import main
from vae_core.commands import train
from vae_core.presets import PRESETS

PRESETS["tiny"] = PRESET
train.SAVE_SECONDS = float(os.environ.get("SAVE_SECONDS", "60"))
if "SLOW_SAVE" in os.environ:
    train.save_state = lambda *args: time.sleep(60)

if __name__ == "__main__":
    sys.exit(main())
