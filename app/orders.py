"""What kind of morph is asked for, apart from the photos."""

import math
from dataclasses import dataclass, field, replace

from app.portraits import Sitter
from vae_core.directions import Wish
from vae_core.errors import ConfigError
from vae_core.imaging.align import Frame
from vae_core.imaging.photo import Photo
from vae_core.morph import Manner, Morph, side_for_whole, whole_photo

MOST_PIXELS = 25 * 512 * 512
"""Of all frames of a morph together: what keeps an answer within seconds and 100 MB."""

BYTES_A_NUMBER = 17
"""Memory that making frames takes at most, from the first to the finished answer."""

WHOLE = 768
"""Pixels of a whole photo's longer side, unless another size is asked for."""


@dataclass(frozen=True)
class Order:
    """What kind of morph is asked for.

    manner: how it goes.  wish: which dog, when there is no photo of one.  size: pixels of the
    frames' longer side; 0 leaves it to the model.  whole_photo: whether the frames are the friend's
    photo with the morph in it.
    """

    manner: Manner = field(default_factory=Manner)
    wish: Wish = field(default_factory=Wish)
    size: int = 0
    whole_photo: bool = False

    @property
    def side(self) -> int:
        """Pixels of the longer side of a frame; 0 if that is the model's."""
        return self.size or (min(WHOLE, self.most) if self.whole_photo else 0)

    @property
    def most(self) -> int:
        """The longest side that so many frames may have."""
        return math.isqrt(MOST_PIXELS // self.manner.steps)

    def check(self, frame: Frame) -> None:
        """Raise ConfigError if all frames together would be too large."""
        side = max(self.side, frame.height, frame.width)
        if side > self.most:
            raise ConfigError(
                f"{self.manner.steps} frames of {side} pixels are too much for one answer; "
                f"ask for at most {self.most} pixels, or for fewer frames."
            )

    def cost(self, frame: Frame) -> int:
        """Bytes of memory that making the frames takes at most."""
        side = max(self.side, frame.height, frame.width)
        return self.manner.steps * side * side * frame.channels * BYTES_A_NUMBER

    def side_of(self, frame: Frame, sitter: Sitter) -> int:
        """Return the longer side of the aligned faces, which a whole photo holds smaller."""
        return side_for_whole(frame, *sitter.seat, self.side) if self.whole_photo else self.size

    def finish(self, photo: Photo, morph: Morph) -> Morph:
        """Put the morph back into the friend's photo, if that is asked for."""
        if not self.whole_photo:
            return morph
        return replace(morph, frames=whole_photo(photo, morph, self.side))


PLAIN = Order()
"""What is made when nothing is asked for: eleven frames as large as the model's."""
