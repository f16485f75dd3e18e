"""``python -m vae_core train``: drive the training generator, and leave a finished model behind."""

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from vae_core import __version__
from vae_core.checkpoint import Checkpoint, save_checkpoint
from vae_core.commands.card import write_card
from vae_core.commands.run_folder import RunFolder, log_row
from vae_core.data.dataset import Dataset, open_dataset
from vae_core.errors import ConfigError
from vae_core.evaluation import evaluate, losses, pictures_of
from vae_core.metrics import Histogram
from vae_core.model import VAE, build_vae
from vae_core.presets import PRESETS, Preset, preset_named
from vae_core.training import (
    Progress,
    TrainSettings,
    TrainState,
    load_state,
    new_state,
    save_state,
    saved_states,
    train,
)

SAVE_SECONDS = 60.0
STOP = (signal.SIGINT, signal.SIGTERM)


def add_command(subparsers: Any) -> None:
    """Describe ``train``."""
    parser = subparsers.add_parser("train", help="train a model on a prepared data set")
    presets = "; ".join(f"{name}: {preset.summary}" for name, preset in PRESETS.items())
    parser.add_argument("--preset", required=True, choices=PRESETS, help=presets)
    parser.add_argument("--data", required=True, type=Path, help="folder made by `prepare`")
    parser.add_argument("--out", required=True, type=Path, help="checkpoint to write")
    parser.add_argument("--restart", action="store_true", help="forget an unfinished run")
    for name, kind in (("steps", int), ("batch", int), ("lr", float), ("beta", float)):
        parser.add_argument(f"--{name}", type=kind, help="instead of the preset's")
    parser.add_argument("--seed", type=int, help="instead of the preset's")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train or resume until done or until a signal; the exit status is 0 when the model is done."""
    preset = preset_named(args.preset)
    given = ("steps", "batch", "lr", "beta", "seed")
    changes = {name: getattr(args, name) for name in given if getattr(args, name) is not None}
    settings = replace(preset.training, **changes)
    dataset = open_dataset(args.data)
    if dataset.frame != preset.frame:
        raise ConfigError(
            f"{args.data} was prepared for another frame than {args.preset} uses. "
            f"Run `prepare` with the frame that this preset names: {preset.frame}."
        )
    pictures_of(dataset, "test")  # the card needs some: better said now than after hours
    if args.out.is_dir():
        raise ConfigError(f"{args.out} is a folder; --out names the file to write.")
    vae, folder = build_vae(preset.model), RunFolder(args.out)
    with folder.locked():
        with stop_on_signal() as stopped:
            state = starting_state(folder, vae, settings, dataset, args.restart)
            drive(vae, dataset, settings, state, folder, stopped)
        if stopped() or state.step < settings.steps:
            print(f"Stopped after step {state.step}; the same command goes on from there.")
            return 1
        finish(args.out, args.preset, preset, settings, state, dataset, folder)
    return 0


def identity(vae: VAE, settings: TrainSettings, dataset: Dataset) -> dict[str, Any]:
    """Return what must not change within a run, as plain JSON."""
    data = {name: dataset.header[name] for name in ("name", "counts")}
    return asdict(settings) | {"model": str(vae.config), "data": data}


def starting_state(
    folder: RunFolder, vae: VAE, settings: TrainSettings, dataset: Dataset, restart: bool
) -> TrainState:
    """Return the saved state of the same run, or a new one."""
    old = saved_states(folder.state)
    if restart or not old:
        for path in (*old, folder.log):
            path.unlink(missing_ok=True)
        return new_state(vae, settings)
    state, saved = load_state(folder.state)
    now = identity(vae, settings, dataset)
    differing = [name for name, value in now.items() if saved.get(name, value) != value]
    if differing:
        raise ConfigError(
            f"{folder.folder} holds a run with other settings ({', '.join(differing)} differ). "
            "Give the same ones to resume it, or --restart to forget it."
        )
    folder.cut_log(state.step)
    print(f"Resuming after step {state.step}.")
    return state


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C or SIGTERM finish the step and save; the second leaves at once."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        for either in STOP:
            signal.signal(either, signal.SIG_DFL)

    before = {n: signal.signal(n, note) for n in STOP}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def drive(
    vae: VAE,
    dataset: Dataset,
    settings: TrainSettings,
    state: TrainState,
    folder: RunFolder,
    stopped: Callable[[], bool],
) -> None:
    """Take the steps, log each, save every minute and at the end."""
    begun, saved = time.monotonic() - state.seconds, time.monotonic()
    with folder.log.open("a") as log, bar(state, settings) as progress_bar:
        for progress in train(vae, dataset, settings, state):
            log.write(json.dumps(log_row(progress)) + "\n")
            show(progress_bar, progress, settings)
            last = progress.step == settings.steps or stopped()
            if last or time.monotonic() - saved > SAVE_SECONDS:
                log.flush()
                state.seconds = time.monotonic() - begun
                save_state(folder.state, state, identity(vae, settings, dataset))
                saved = time.monotonic()
            if last:
                break


def bar(state: TrainState, settings: TrainSettings) -> Any:
    """Return a progress bar that knows how far a resumed run had come."""
    try:
        from tqdm import tqdm
    except ImportError as error:
        raise ConfigError("Training needs tqdm: install the extra `train`.") from error
    return tqdm(total=settings.steps, initial=state.step, unit="step", mininterval=0.5)


def show(progress_bar: Any, progress: Progress, settings: TrainSettings) -> None:
    """Move the bar by a step; every so often name the losses and the speed."""
    progress_bar.update()
    if progress.step % 50 == 0:
        rate = (progress_bar.format_dict["rate"] or 0) * settings.batch
        total, reconstruction, kl = progress.losses
        progress_bar.set_postfix_str(
            f"loss {total:.3f} = reconstruction {reconstruction:.3f}"
            f" + {progress.beta:.2g} x KL {kl:.2f}, {rate:.0f} pictures/s",
            refresh=False,
        )


def finish(
    out: Path,
    name: str,
    preset: Preset,
    settings: TrainSettings,
    state: TrainState,
    dataset: Dataset,
    folder: RunFolder,
) -> None:
    """Measure the trained model and write checkpoint, card and curve."""
    bare = Checkpoint(out.stem, preset.model, preset.frame, state.params, {})
    training = losses(bare, dataset, dataset.indices("train"))
    metadata = {
        "preset": name,
        "step": state.step,
        "settings": asdict(settings),
        "seconds": round(state.seconds),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": f"dogpeople {__version__}",
        "git_revision": git_revision(),
        "dataset": {k: dataset.header[k] for k in ("name", "terms", "counts")},
        "train_mse": float(training.mean()),
        "losses": evaluate(bare, dataset),
        "histogram": Histogram.from_values(training).to_json(),
    }
    checkpoint = replace(bare, metadata=metadata)
    save_checkpoint(out, checkpoint)
    write_card(out, checkpoint)
    draw_curve(folder)
    test: dict[str, Any] = checkpoint.metadata["losses"]
    print(
        f"{out}: mean square error per pixel {test['mse']:.5f} on {test['pictures']} test pictures"
        f" (PCA with {test['pca_components']} components: {test['pca_mse']:.5f})."
    )


def git_revision() -> str:
    """Return the commit this was trained at, "+" appended when files differ from it."""
    try:
        command = ["git", "describe", "--always", "--dirty=+"]
        folder = Path(__file__).parent
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def draw_curve(folder: RunFolder) -> None:
    """Draw the log as a picture, if matplotlib is installed."""
    try:
        import matplotlib as mpl
    except ImportError:
        print("No curve drawn: install the extra `train` for matplotlib.", file=sys.stderr)
        return
    mpl.use("agg")
    from matplotlib import pyplot as plt

    from vae_core.figures import training_curve

    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    training_curve(axes, folder.rows())
    figure.savefig(folder.curve, dpi=120)
    plt.close(figure)
