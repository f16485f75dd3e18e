"""Domain error -> status: one table, and one shape for every refusal."""

from collections.abc import Mapping
from typing import NamedTuple

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from app.decoding import BusyError
from app.portraits import NoFaceError, NoSuchFaceError, PortraitError, Role
from app.schemas import Problem
from vae_core.errors import (
    DogpeopleError,
    LandmarksError,
    LatentsError,
    PhotoTooLargeError,
    PhotoTooSlowError,
    PhotoTooSmallError,
    UnknownModelError,
    UnreadablePhotoError,
)


class Kind(NamedTuple):
    """What a sort of error becomes."""

    status: int
    name: str
    title: str


KINDS: dict[type[Exception], Kind] = {
    UnreadablePhotoError: Kind(415, "unreadable-photo", "The photo cannot be read"),
    PhotoTooLargeError: Kind(413, "photo-too-large", "The photo is too large"),
    PhotoTooSmallError: Kind(422, "photo-too-small", "The photo is too small"),
    PhotoTooSlowError: Kind(422, "photo-too-slow", "The photo takes too long to decode"),
    NoFaceError: Kind(422, "no-face", "There is no face in the photo"),
    NoSuchFaceError: Kind(422, "no-such-face", "There are not so many faces in the photo"),
    LandmarksError: Kind(422, "bad-landmarks", "The landmarks do not mark a face"),
    LatentsError: Kind(422, "bad-latents", "The latents do not fit the model"),
    BusyError: Kind(429, "busy", "Everyone is busy here"),
    UnknownModelError: Kind(404, "unknown-model", "There is no such model"),
    DogpeopleError: Kind(422, "refused", "This cannot be done"),
    RequestValidationError: Kind(422, "invalid-request", "The request is not complete"),
}

HTTP_KINDS: dict[int, tuple[str, str]] = {
    404: ("Nothing is here", "There is nothing at this address; the API is described at /docs."),
    405: ("Not that way", "This address does not answer to that method; see /docs."),
    408: ("The request came too slowly", "The request did not arrive in time; send it again."),
    413: ("The request is too large", ""),
    429: ("Too many requests", "You asked for a lot in a short time; please wait a moment."),
    400: ("The request cannot be read", "The form or file did not arrive whole; send it again."),
    421: ("Another server was meant", "This server does not go by that name."),
}

INTERNAL = Problem(
    type="urn:dogpeople:internal",
    title="Something broke here",
    status=500,
    detail="Something went wrong on our side; your photos are fine. Please try again.",
)

RETRY_AFTER = "2"
"""Seconds after which whoever was sent away may come back."""

PHOTOS: tuple[Role, ...] = ("friend", "dog")


class ProblemAnswer(JSONResponse):
    """A problem on its way to a program (RFC 9457)."""

    media_type = "application/problem+json"

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.model_dump(exclude_none=True), problem.status, headers)


def problem_of(error: Exception) -> Problem:
    """Say what is wrong in a shape that every client gets, whatever refused the request."""
    if isinstance(error, HTTPException):
        return http_problem(error)
    if isinstance(error, RequestValidationError):
        return validation_problem(error)
    if isinstance(error, PortraitError) and not isinstance(error.reason, BusyError):
        return problem(kind_of(error.reason), str(error), error.role)
    if isinstance(error, PortraitError):
        return problem_of(error.reason)
    return problem(kind_of(error), str(error))


def headers_of(error: Exception, status: int) -> dict[str, str]:
    """Return the headers that a refusal carries."""
    said = dict((error.headers if isinstance(error, HTTPException) else None) or {})
    return ({"Retry-After": RETRY_AFTER} if status == 429 else {}) | said


def kind_of(error: Exception) -> Kind:
    """Find the error's own line of the table, or its nearest ancestor's."""
    return next(KINDS[cls] for cls in type(error).__mro__ if cls in KINDS)


def problem(kind: Kind, detail: str, photo: Role | None = None) -> Problem:
    """Fill in the shape."""
    return Problem(
        type=f"urn:dogpeople:{kind.name}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        photo=photo,
    )


def http_problem(error: HTTPException) -> Problem:
    """Put the framework's refusals into words; ours carry their own."""
    title, detail = HTTP_KINDS.get(error.status_code, ("The request was refused", error.detail))
    return Problem(
        type="about:blank", title=title, status=error.status_code, detail=detail or error.detail
    )


def validation_problem(error: RequestValidationError) -> Problem:
    """Put the first of the fields that do not fit into one sentence."""
    first = error.errors()[0]
    name = str(first["loc"][-1])
    field = next((str(part) for part in first["loc"][1:] if isinstance(part, str)), "body")
    photo = next((role for role in PHOTOS if role == name), None)
    if photo and first["type"] == "missing":
        detail = f"Please add a photo of the {photo}: two photos make a morph."
    elif first["type"] == "missing":
        detail = f"Please send “{field}”: it is missing."
    elif first["type"] == "json_invalid":
        detail = "The body is not JSON that can be read."
    else:
        said = first["msg"].removeprefix("Value error, ")
        detail = f"“{field}” does not fit: {said[:1].lower()}{said[1:]}."
    return problem(KINDS[RequestValidationError], detail, photo)
