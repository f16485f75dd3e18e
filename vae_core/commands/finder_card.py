"""The finder's card, written from its metadata."""

from typing import Any

from vae_core.types import Array

CARD = """# finder

Three convolutional networks that find the faces of people and dogs and their landmarks: a scout, a
reader and a gauge. Trained by `python -m vae_core train` with the presets `finder`, `scout`,
`reader` and `gauge`, in this order:

| networks | steps | pictures | minutes |
|---|---|---|---|
{lessons}

| | |
|---|---|
| created | {created}, {program}, revision {git_revision} |
| parameters | {parameters:,}, kept in half precision |
| threshold | a score of {threshold:.2f}, chosen on the validation split |
| sha256 of the file | `{sha256}` |

{history}

## Data

{terms}

## On photos it was not trained on

| scenes, test split | photos | |
|---|---|---|
| people found (right species, overlap over 0.5) | {people[pictures]} | {people_found:.1f} % |
| dogs found, roughly frontal | {dogs[pictures]} | {dogs_found:.1f} % |
| all dogs found, turned away too | {all_dogs[pictures]} | {all_dogs_found:.1f} % |
| landmark error of people, median, in eye distances | {people[pictures]} | {people_error} |
| landmark error of dogs | {dogs[pictures]} | {dogs_error} |
| photos without a face in which one is found | {none[pictures]} | {none_share:.1f} % |

## What it does badly

- Heads that are turned to the side: they have no landmarks in the training data.
- Few elderly Black and South Asian people and few dark dogs with visible eyes were seen in
  training; there are no cats on purpose, and some other animals' faces may be taken for dogs'.
- Not found in the test split: {missed}.
"""


def card(metadata: dict[str, Any], threshold: float, params: dict[str, Array], sha: str) -> str:
    """Return the card's Markdown."""
    measured, data, lessons = metadata["measured"], metadata["dataset"], metadata["lessons"]
    missed = measured["people"]["missed"] + measured["dogs"]["missed"]
    found = {f"{k}_found": 100 * measured[k]["found"] for k in ("people", "dogs", "all_dogs")}
    errors = {f"{k}_error": error_text(measured[k]["error"]) for k in ("people", "dogs")}
    return CARD.format(
        **{k: lessons[-1][k] for k in ("created", "program", "git_revision")},
        **measured,
        **found,
        **errors,
        lessons="\n".join(map(lesson_row, lessons)),
        terms=data["terms"],
        none_share=100 * measured["none"]["share"],
        parameters=sum(p.size for p in params.values()),
        threshold=threshold,
        sha256=sha,
        history=data.get("history", ""),
        missed=", ".join(missed) or "none of them",
    )


def lesson_row(lesson: dict[str, Any]) -> str:
    """Return one training run as a row of the card."""
    kept = lesson.get("kept", 0)
    mixed = f", {100 * kept:.0f} % of the old one kept" if kept else ""
    return (
        f"| {lesson['networks']}{mixed} | {lesson['step']:,} of {lesson['batch']} "
        f"| {lesson['pictures']} | {lesson['seconds'] / 60:.0f} |"
    )


def error_text(error: float | None) -> str:
    """Return a landmark error, or a dash where nothing was found to measure it on."""
    return "-" if error is None else f"{error:.3f}"
