"""The exception tree. Every message is one or two sentences for the person who can mend it."""


class DogpeopleError(Exception):
    """Anything this program refuses, with a message written for a person."""


class PhotoError(DogpeopleError):
    """A photo that cannot be used."""


class UnreadablePhotoError(PhotoError):
    """The bytes are not a picture in a format that is read here, or the picture is damaged."""


class PhotoTooLargeError(PhotoError):
    """More pixels or a longer side than is read here."""


class PhotoTooSmallError(PhotoError):
    """Too few pixels to hold a face."""


class PhotoTooSlowError(PhotoError):
    """A photo that takes longer to decode than anyone waits for it."""


class LandmarksError(DogpeopleError):
    """Landmarks that are incomplete, outside the photo, or do not span a face."""


class LatentsError(DogpeopleError):
    """Latents of the wrong shape, or not finite."""


class UnknownModelError(DogpeopleError):
    """No model of that name is loaded."""


class ConfigError(DogpeopleError):
    """Settings that describe no model, or no training run."""


class DataError(DogpeopleError):
    """A folder or file of training data that is missing, incomplete or damaged."""


class CheckpointError(DogpeopleError):
    """A checkpoint that is missing, damaged, or does not fit the model it describes."""
