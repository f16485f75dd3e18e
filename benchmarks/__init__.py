"""What this program costs, side by side with what people would use instead: ``make bench``."""

import vae_core  # noqa: F401  before NumPy, as in ``python -m vae_core``
