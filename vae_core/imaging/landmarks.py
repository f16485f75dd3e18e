"""Where a face is in a photo: read from JSON, and checked.

Coordinates are continuous pixels: x right, y down, (0, 0) the top-left corner of the picture, so
the centre of its first pixel is (0.5, 0.5).
"""

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeAlias

from vae_core.errors import LandmarksError

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Landmarks:
    """Where a face is, in pixels of the upright full-size photo; left is the picture's left.

    ``nose`` or ``mouth`` may be unknown. ``nose`` is the centre of a dog's nose pad.
    """

    left_eye: Point
    right_eye: Point
    nose: Point | None = None
    mouth: Point | None = None

    @classmethod
    def from_json(cls, value: str | dict[str, Any]) -> "Landmarks":
        """Read ``{"left_eye": [x, y], ...}``, given as text or as an object.

        Raises LandmarksError when an eye is missing, or when a point is not two finite numbers.
        """
        points = parse_object(value)
        names = [field.name for field in fields(cls)]
        given = {n: parse_point(n, points[n]) for n in names if points.get(n) is not None}
        missing = [name for name in names[:2] if name not in given]
        if missing:
            raise LandmarksError(f"The landmarks have no {missing[0]}.")
        return cls(**given)

    def check(self, width: int, height: int) -> None:
        """Raise LandmarksError unless the points lie in a photo of that size and span a face."""
        for name, point in asdict(self).items():
            if point is not None and not inside(point, width, height):
                raise LandmarksError(
                    f"The {name} at {point[0]:g}, {point[1]:g} is outside the photo, "
                    f"which has {width} x {height} pixels."
                )
        self.check_shape()

    def check_shape(self) -> None:
        """Raise LandmarksError unless the eyes are apart, and nose and mouth below them."""
        for point in (self.nose, self.mouth):
            if point is not None:
                check_below_eyes(self.left_eye, self.right_eye, point)


def parse_object(value: str | dict[str, Any]) -> dict[str, Any]:
    """Return the object that a text or a parsed JSON holds. Raises LandmarksError."""
    try:
        points = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        points = None
    if not isinstance(points, dict):
        raise LandmarksError('Landmarks are an object like {"left_eye": [x, y], "right_eye": ...}.')
    return points


def parse_point(name: str, value: Any) -> Point:
    """[x, y] -> (x, y). Raises LandmarksError."""
    try:
        x, y = (float(number) for number in value)
    except (TypeError, ValueError, OverflowError):
        x = y = math.nan
    if isinstance(value, str) or not (math.isfinite(x) and math.isfinite(y)):
        raise LandmarksError(f"The {name} is not a pair of finite numbers, x and y in pixels.")
    return x, y


def inside(point: Point, width: int, height: int) -> bool:
    """Tell whether a point is in a photo of that size, its edge included."""
    return 0 <= point[0] <= width and 0 <= point[1] <= height


def check_below_eyes(left_eye: Point, right_eye: Point, point: Point) -> None:
    """Raise LandmarksError unless the eyes are apart and the point lies on the chin's side."""
    across = complex(*right_eye) - complex(*left_eye)
    if abs(across) < 2:
        raise LandmarksError("The eyes are less than two pixels apart.")
    down = ((complex(*point) - complex(*left_eye)) / across).imag
    if down <= 0.05:
        raise LandmarksError(
            "The nose and the mouth must be below the eyes; left is the picture's left."
        )
