"""``morph``: two photos in, a picture or an animation out, as the library does it."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vae_core.__main__ import main
from vae_core.checkpoint import load_checkpoint, save_checkpoint
from vae_core.directions import principal_axes
from vae_core.encoded import encode_photo
from vae_core.imaging.landmarks import Landmarks
from vae_core.imaging.photo import read_photo
from vae_core.imaging.render import render_strip
from vae_core.latent import WALKS, walk, walk_at
from vae_core.metrics import mse_per_picture
from vae_core.model import cast
from vae_core.morph import KEYS, Manner, decode_along, imagine, morph

MODELS = Path(__file__).parents[2] / "models"
EYES = {"left_eye": [40, 40], "right_eye": [80, 40]}
PERSON, DOG = EYES | {"mouth": [60, 85]}, EYES | {"nose": [60, 75]}


def draw_photo(path, colour, background):
    image = Image.new("RGB", (120, 100), background)
    ImageDraw.Draw(image).ellipse((20, 10, 100, 95), fill=colour)
    image.save(path)
    return path


@pytest.fixture
def photos(tmp_path):
    ann = draw_photo(tmp_path / "ann.jpg", "peachpuff", background="navy")
    return ann, draw_photo(tmp_path / "rex.png", "black", background="ivory")


@pytest.fixture(scope="module")
def model(trained, tmp_path_factory):
    """A model of random numbers, whose pictures differ more than those of a short training."""
    path, checkpoint = tmp_path_factory.mktemp("m") / "vivid.safetensors", load_checkpoint(trained)
    params = {name: 5 * p for name, p in checkpoint.vae.init(np.random.default_rng(7)).items()}
    params = cast(params)
    save_checkpoint(path, replace(checkpoint, params=params))
    return path


@pytest.fixture
def run(model, photos, tmp_path):
    def morphing(name, *more):
        out = tmp_path / name
        arguments = [*map(str, photos), "--model", str(model), "--out", str(out), *more]
        return main(["morph", *arguments]), out

    return morphing


def test_a_strip_has_the_steps_side_by_side(run):
    status, out = run("strip.png", "--steps", "5")
    assert status == 0
    with Image.open(out) as strip:
        assert (strip.format, strip.mode, strip.size) == ("PNG", "L", (5 * 12, 12))


@pytest.mark.parametrize(("name", "kind"), [("morph.gif", "GIF"), ("morph.webp", "WEBP")])
def test_an_animation_goes_there_and_back(name, kind, run):
    status, out = run(name, "--walk", "spherical", "--steps", "6")
    assert status == 0
    with Image.open(out) as animation:
        assert (animation.format, animation.size, animation.n_frames) == (kind, (12, 12), 10)


def test_without_detail_the_ends_are_what_the_model_makes_of_the_photos(model, photos):
    checkpoint = load_checkpoint(model)
    friend, dog = (
        encode_photo(checkpoint, read_photo(path.read_bytes()), None, kind)
        for path, kind in zip(photos, ("person", "dog"), strict=True)
    )
    frames = morph(checkpoint, friend, dog, Manner(steps=3, detail=0)).frames
    np.testing.assert_allclose(frames[0], friend.reconstruction, atol=1e-6)
    np.testing.assert_allclose(frames[-1], dog.reconstruction, atol=1e-6)


@pytest.mark.parametrize("kind", sorted(WALKS.keys() - {"even"}))
@pytest.mark.parametrize("model", ["flagship", "classic"])
def test_a_long_way_keeps_to_what_the_decoder_sees_on_it(model, kind):
    most = 1 if model == "classic" or kind == "principal" else 0.5
    checkpoint = load_checkpoint(MODELS / f"{model}.safetensors")
    axes = principal_axes(checkpoint.metadata) if kind == "principal" else None
    friend, dog = (
        np.array(checkpoint.metadata["example"][end], np.float32) for end in ("friend", "dog")
    )
    frames = imagine(checkpoint, friend, dog, Manner(25, kind, detail=0))
    seen = checkpoint.decode(walk_at(friend, dog, np.linspace(0, 1, 25), kind, axes))
    assert not np.array_equal(frames, seen)  # or nothing has been saved
    assert abs(frames - seen).mean() < most / 255
    np.testing.assert_allclose(frames[[0, -1]], seen[[0, -1]], atol=1e-5)


def test_an_even_walk_changes_as_much_from_each_frame_to_the_next(model, photos):
    checkpoint = load_checkpoint(model)
    friend, dog = (
        encode_photo(checkpoint, read_photo(path.read_bytes()), None, kind)
        for path, kind in zip(photos, ("person", "dog"), strict=True)
    )
    spreads = {}
    for walk_name in ("linear", "even"):
        frames = morph(checkpoint, friend, dog, Manner(9, walk_name)).frames
        changes = np.sqrt(np.square(np.diff(frames, axis=0)).mean(axis=(1, 2, 3)))
        spreads[walk_name] = changes.max() / changes.mean()
    assert spreads["even"] < 1.35 < spreads["linear"]


def test_a_larger_one_way_morph_that_holds_its_ends_can_be_asked_for(run):
    more = ["--size", "40", "--hold", "2", "--one-way", "--easing", "smooth"]
    status, out = run("a.webp", "--steps", "4", *more)
    assert status == 0
    with Image.open(out) as animation:
        assert animation.size == (40, 40)


def test_the_whole_photo_can_be_the_frame(run):
    status, out = run("a.png", "--steps", "3", "--whole-photo", "--size", "60")
    assert status == 0
    with Image.open(out) as strip:
        assert strip.size == (3 * 60, 50)


def test_a_model_without_dogs_asks_for_a_photo_of_one(model, photos, tmp_path, capsys):
    out, ignorant = str(tmp_path / "a.png"), tmp_path / "ignorant.safetensors"
    save_checkpoint(ignorant, replace(load_checkpoint(model), metadata={}))
    assert main(["morph", str(photos[0]), "--model", str(ignorant), "--out", out]) == 2
    assert "add a photo of the dog" in capsys.readouterr().err


def test_a_model_that_knows_dogs_imagines_one(trained, photos, tmp_path):
    out = tmp_path / "a.png"
    wish = ["--dog-name", "nearest"]
    arguments = [str(photos[0]), "--model", str(trained), "--out", str(out), *wish]
    assert main(["morph", *arguments]) == 0
    with Image.open(out) as strip:
        assert strip.size == (11 * 12, 12)


def test_landmarks_decide_what_is_seen(run):
    landmarks = ["--friend-landmarks", json.dumps(PERSON), "--dog-landmarks", json.dumps(DOG)]
    _, centred = run("centred.png")
    status, placed = run("placed.png", *landmarks)
    assert status == 0
    assert placed.read_bytes() != centred.read_bytes()


def test_the_command_is_the_library(run, model, photos):
    checkpoint = load_checkpoint(model)
    landmarks = ["--friend-landmarks", json.dumps(PERSON), "--dog-landmarks", json.dumps(DOG)]
    _, out = run("strip.png", "--steps", "4", *landmarks)
    friend, dog = (
        encode_photo(checkpoint, read_photo(path.read_bytes()), Landmarks.from_json(points), kind)
        for path, points, kind in zip(photos, (PERSON, DOG), ("person", "dog"), strict=True)
    )
    result = morph(checkpoint, friend, dog, Manner(steps=4))
    assert out.read_bytes() == render_strip(result.frames)
    np.testing.assert_array_equal(result.latents, walk(friend.latent, dog.latent, 4))
    np.testing.assert_allclose(result.frames[0], friend.portrait, atol=1e-6)
    np.testing.assert_allclose(result.frames[-1], dog.portrait, atol=1e-6)


def test_an_encoded_photo_knows_its_place_in_the_training_losses(model, photos):
    checkpoint = load_checkpoint(model)
    encoded = encode_photo(checkpoint, read_photo(photos[0].read_bytes()), None, "person")
    x = encoded.crop.pixels[None]
    loss = mse_per_picture(x, checkpoint.reconstruct(x))
    assert encoded.loss == pytest.approx(loss.item())
    assert encoded.percentile == checkpoint.histogram.percentile(encoded.loss)


def refusal(run, capsys, *arguments):
    status, out = run(*arguments)
    assert status == 2
    assert not out.exists()
    return capsys.readouterr().err


def test_what_cannot_be_done_is_said_in_a_sentence(run, photos, capsys):
    text = json.dumps({"left_eye": [1, 1]})
    assert "must end in .png, .gif, .webp" in refusal(run, capsys, "morph.bmp")
    assert "at least two steps" in refusal(run, capsys, "a.png", "--steps", "1")
    assert "no right_eye" in refusal(run, capsys, "a.png", "--dog-landmarks", text)
    assert "Landmarks are an object" in refusal(run, capsys, "a.png", "--dog-landmarks", "[]")
    photos[1].write_text("not a photo")
    assert "holds text, not a picture" in refusal(run, capsys, "a.png")
    photos[1].unlink()
    assert f"{photos[1]}: No such file" in refusal(run, capsys, "a.png")


def test_landmarks_that_are_no_json_are_refused_by_the_parser(run, capsys):
    with pytest.raises(SystemExit) as leaving:
        run("a.png", "--dog-landmarks", "{eyes}")
    assert leaving.value.code == 2
    assert "--dog-landmarks" in capsys.readouterr().err


def test_a_strip_can_be_read_back_as_its_frames(run):
    _, out = run("strip.png", "--steps", "3")
    with Image.open(io.BytesIO(out.read_bytes())) as strip:
        frames = np.asarray(strip).reshape(12, 3, 12)
    assert (frames[:, 0] != frames[:, 2]).any()


@pytest.mark.parametrize("known", [(True, True), (True, False), (False, True)])
def test_what_is_known_of_a_long_walk_s_ends_is_taken(known, rng):
    model = load_checkpoint(MODELS / "mnist.safetensors")
    start, goal = rng.standard_normal((2, model.config.latent)).astype(np.float32)
    where = np.linspace(0, 1, 2 * KEYS - 1)

    def latents_at(where):
        return walk_at(start, goal, where)

    whole = decode_along(model, latents_at, where).frames()
    ends = [np.full(model.config.image, 0.25, np.float32) if k else None for k in known]
    frames = decode_along(model, latents_at, where, *ends).frames()
    for k, end in zip((0, -1), ends, strict=True):
        np.testing.assert_allclose(frames[k], whole[k] if end is None else end, atol=1e-6)
    np.testing.assert_allclose(frames[2:-2], whole[2:-2], atol=1e-5)
