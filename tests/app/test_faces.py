"""POST /api/v1/faces and /api/v1/align, and what morph and encode do with what is found."""

import io
import json
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.main import create_app
from app.morphing import Morpher
from tests.app.faces import FakeFinder, face_at
from tests.app.pictures import HEIC, as_bytes, draw_face, photo, picture_of
from tests.app.tiny import LATENT
from vae_core.imaging.landmarks import Landmarks

PERSON = face_at(60, 60, 40, "person", 0.95)
OTHER_PERSON = face_at(170, 70, 30, "person", 0.9)
DOG = face_at(110, 40, 20, "dog", 0.8)
PHOTOS = {
    "person": (120, 130),
    "dog": (160, 120),
    "all": (240, 120),
    "nobody": (90, 90),
}
FINDER = FakeFinder(
    {
        PHOTOS["person"]: [PERSON],
        PHOTOS["dog"]: [DOG],
        PHOTOS["all"]: [PERSON, OTHER_PERSON, DOG],
    }
)
BY_HAND = Landmarks(left_eye=(40, 50), right_eye=(60, 52), nose=(50, 62), mouth=(50, 66))


@pytest.fixture(scope="module")
def finding(settings):
    with TestClient(create_app(settings, Morpher.from_settings(settings, FINDER))) as client:
        yield client


def sent(kind):
    return as_bytes(draw_face(*PHOTOS[kind]), "PNG")


def ask(client, path, files, **data):
    answer = client.post(f"/api/v1/{path}", files=files, data=data)
    assert answer.status_code == 200, answer.text
    return answer


def marks(landmarks):
    """Landmarks as JSON has them."""
    return json.loads(json.dumps(asdict(landmarks)))


def align(client, kind, **data):
    return ask(client, "align", {"photo": sent(kind)}, format="json", **data).json()


def test_all_faces_are_listed_the_surest_first(finding):
    answer = ask(finding, "faces", {"photo": sent("all")}).json()
    assert (answer["width"], answer["height"]) == (240, 120)
    assert [(f["species"], f["score"]) for f in answer["faces"]] == [
        ("person", 0.95),
        ("person", 0.9),
        ("dog", 0.8),
    ]
    assert answer["faces"][0]["landmarks"] == marks(PERSON.landmarks)
    assert answer["faces"][2]["box"] == list(DOG.box)
    assert answer["preview"] is None


def test_a_photo_without_a_face_has_none(finding):
    answer = ask(finding, "faces", {"photo": sent("nobody")}).json()
    assert answer == {"width": 90, "height": 90, "faces": [], "preview": None}


def test_what_a_browser_cannot_show_is_shown_to_it(finding):
    answer = ask(finding, "faces", {"photo": HEIC.read_bytes()}, preview="true").json()
    head, data = answer["preview"].split(",")
    assert head == "data:image/webp;base64"
    shown = picture_of(f"data:image/png;base64,{data}")
    assert shown.size == (answer["width"], answer["height"])
    difference = np.asarray(shown.convert("RGB"), float) - np.asarray(draw_face(), float)
    assert np.abs(difference).mean() < 6


def test_a_large_preview_is_made_smaller(finding):
    large = as_bytes(draw_face(2000, 500))
    answer = ask(finding, "faces", {"photo": large}, preview="true").json()
    assert (answer["width"], answer["height"]) == (2000, 500)
    shown = picture_of(answer["preview"].replace("webp", "png"))
    assert shown.size == (1600, 400)


# kind of photo, what is asked for -> whose face is taken, and whether that is a surprise
CHOICES = {
    "the only face": ("person", {}, "person", PERSON, False),
    "the surest person": ("all", {}, "person", PERSON, False),
    "the surest dog": ("all", {"species": "dog"}, "dog", DOG, False),
    "another person": ("all", {"face": "1"}, "person", OTHER_PERSON, False),
    "a dog among people": ("all", {"face": "2"}, "dog", DOG, True),
    "a dog for a person": ("dog", {}, "dog", DOG, True),
    "a person for a dog": ("person", {"species": "dog"}, "person", PERSON, True),
}


@pytest.mark.parametrize("case", CHOICES)
def test_the_face_that_is_meant_is_taken(finding, case):
    kind, data, species, face, surprise = CHOICES[case]
    answer = align(finding, kind, **data)
    assert answer["species"] == species
    assert answer["landmarks"] == marks(face.landmarks)
    assert bool(answer["notes"]) == surprise
    encoded = ask(finding, "encode", {"photo": sent(kind)}, **data).json()
    assert encoded["crop"] == answer["crop"]
    assert encoded["notes"] == answer["notes"]


def test_landmarks_placed_by_hand_always_win(finding):
    by_hand = json.dumps(asdict(BY_HAND))
    for kind in ("all", "nobody"):
        answer = align(finding, kind, landmarks=by_hand, face="7")
        assert answer["landmarks"] == marks(BY_HAND)
        assert answer["species"] == "person"
        assert answer["notes"] == []


def test_a_marked_dog_is_aligned_as_a_dog(finding):
    found = align(finding, "dog")
    placed = align(finding, "dog", species="dog", landmarks=json.dumps(asdict(DOG.landmarks)))
    assert placed["crop"] == found["crop"]
    person = align(finding, "dog", landmarks=json.dumps(asdict(DOG.landmarks)))
    assert person["crop"] != found["crop"]


def test_the_crop_comes_as_a_picture_of_the_models_size(finding):
    answer = ask(finding, "align", {"photo": sent("person")}, model="colour")
    assert answer.headers["content-type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.size, picture.mode) == ((16, 16), "RGB")
    as_json = align(finding, "person", model="colour")
    np.testing.assert_array_equal(np.asarray(picture), np.asarray(picture_of(as_json["crop"])))


def test_a_model_that_knows_no_faces_takes_the_middle(finding):
    answer = align(finding, "all", model="digits")
    assert answer["landmarks"] is None
    assert picture_of(answer["crop"]).size == (8, 10)


def morph(client, friend, dog, **data):
    files = {"friend": sent(friend), "dog": sent(dog)}
    return ask(client, "morph", files, format="json", steps=2, **data).json()


def test_a_morph_finds_both_faces(finding):
    answer = morph(finding, "all", "all")
    assert answer["friend"]["crop"] == align(finding, "all")["crop"]
    assert answer["dog"]["crop"] == align(finding, "all", species="dog")["crop"]
    assert answer["notes"] == []


def test_another_face_can_be_chosen_for_each(finding):
    answer = morph(finding, "all", "all", friend_face="1", dog_face="0")
    assert answer["friend"]["crop"] == align(finding, "all", face="1")["crop"]
    assert answer["dog"]["crop"] == align(finding, "all", face="0")["crop"]


@pytest.mark.parametrize(
    ("friend", "dog", "notes"),
    [
        ("person", "dog", []),
        ("dog", "dog", ["The friend's photo: The face that was taken is a dog's, not a person's."]),
        (
            "person",
            "person",
            ["The dog's photo: The face that was taken is a person's, not a dog's."],
        ),
    ],
)
def test_two_people_or_two_dogs_morph_as_well(finding, friend, dog, notes):
    answer = morph(finding, friend, dog)
    assert len(answer["frames"]) == 2
    assert answer["notes"] == notes


def test_the_species_of_a_marked_face_can_be_told(finding):
    marked = json.dumps(asdict(DOG.landmarks))
    answer = morph(finding, "dog", "dog", friend_landmarks=marked, friend_species="dog")
    assert answer["friend"] == answer["dog"]
    assert answer["notes"] == []


# fields, kind of problem, photo at fault, words of the sentence
REFUSED = {
    "nobody": ("nobody", "dog", {}, "no-face", "friend", ["person's", "dog's", "landmarks"]),
    "no dog": ("dog", "nobody", {}, "no-face", "dog", ["person's", "dog's", "landmarks"]),
    "no such": ("all", "dog", {"dog_face": "1"}, "no-such-face", "dog", ["1 face was"]),
    "too far": ("all", "dog", {"friend_face": "3"}, "no-such-face", "friend", ["3 faces were"]),
    "negative": ("all", "dog", {"friend_face": "-1"}, "invalid-request", None, ["friend_face"]),
    "no number": ("all", "dog", {"friend_face": "left"}, "invalid-request", None, ["friend_face"]),
    "a cat": ("all", "dog", {"dog_species": "cat"}, "invalid-request", None, ["dog_species"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_face_that_is_not_there_is_said_to_be_missing(finding, case):
    friend, dog, data, name, at_fault, words = REFUSED[case]
    files = {"friend": sent(friend), "dog": sent(dog)}
    answer = finding.post("/api/v1/morph", files=files, data=data)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"urn:dogpeople:{name}"
    assert problem.get("photo") == at_fault
    assert all(word in problem["detail"] for word in words)


@pytest.mark.parametrize("path", ["encode", "align"])
def test_encode_and_align_refuse_a_photo_without_a_face(finding, path):
    answer = finding.post(f"/api/v1/{path}", files={"photo": sent("nobody")})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:dogpeople:no-face"


@pytest.mark.parametrize("path", ["faces", "align"])
def test_faces_and_align_refuse_what_is_no_photo(finding, path):
    answer = finding.post(f"/api/v1/{path}", files={"photo": b"Dear Sir or Madam."})
    assert answer.status_code == 415
    assert answer.json()["type"] == "urn:dogpeople:unreadable-photo"


def test_the_page_takes_the_middle_of_a_photo_without_a_face_and_says_so(finding):
    answer = finding.post("/", files={"friend": sent("nobody"), "dog": sent("dog")})
    assert answer.status_code == 200
    assert "No face was found, so the middle of the photo was taken" in answer.text


def test_the_page_says_whose_face_it_took(finding):
    answer = finding.post("/", files={"friend": sent("dog"), "dog": sent("dog")})
    assert answer.status_code == 200
    assert "a dog&#39;s, not a person&#39;s" in answer.text


def test_without_a_finder_the_middle_of_the_photo_is_the_face(client):
    assert ask(client, "faces", {"photo": photo()}).json()["faces"] == []
    answer = align(client, "nobody")
    assert answer["landmarks"] is None
    assert len(ask(client, "encode", {"photo": photo()}).json()["latent"]) == LATENT


def test_a_model_says_where_it_wants_faces(finding):
    models = finding.get("/api/v1/models").json()["models"]
    alignments = {model["name"]: model["alignment"] for model in models}
    assert alignments["digits"] is None
    assert set(alignments["faces"]["person"]) == {"left_eye", "right_eye", "mouth"}
    assert set(alignments["faces"]["dog"]) == {"left_eye", "right_eye", "nose"}
    assert alignments["faces"]["dog"]["left_eye"] == [0.325, 0.38]
    lights = {model["name"]: model["light"] for model in models}
    assert lights == {"digits": None, "faces": None, "colour": {"mean": 0.5, "contrast": 0.2}}
