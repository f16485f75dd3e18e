"""``python -m vae_core train``: drive the training generator, and leave a finished model behind."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from vae_core.backend import DEVICES
from vae_core.commands.finder_job import PRACTICE, CropJob, FinderJob
from vae_core.commands.job import Job
from vae_core.commands.run_folder import RunFolder, log_row
from vae_core.commands.vae_job import VAEJob
from vae_core.distributed import ALONE, Team, team
from vae_core.errors import ConfigError
from vae_core.presets import PRESETS
from vae_core.train_state import TrainState, load_state, save_state, saved_states
from vae_core.training import Progress, TrainSettings

SAVE_SECONDS = 60.0
FINDER_JOBS: dict[str, Callable[[Path, dict[str, Any], Path | None, float, str, int], Job]] = {
    "finder": FinderJob,
    **{kind: partial(CropJob, kind) for kind in PRACTICE},
}
STOP = (signal.SIGINT, signal.SIGTERM)


def add_command(subparsers: Any) -> None:
    """Describe ``train``."""
    parser = subparsers.add_parser("train", help="train a model on a prepared data set")
    presets = "; ".join(f"{name}: {preset.summary}" for name, preset in PRESETS.items())
    parser.add_argument(
        "--preset",
        required=True,
        choices=(*PRESETS, *FINDER_JOBS),
        help=f"{presets}; {', '.join(FINDER_JOBS)}: find faces, on a folder made by `compose`",
    )
    parser.add_argument("--data", required=True, type=Path, help="folder made by `prepare`")
    parser.add_argument("--out", required=True, type=Path, help="checkpoint to write")
    parser.add_argument("--start", type=Path, help="where scout, reader or gauge go on from")
    parser.add_argument(
        "--keep", type=float, default=0.0, help="share of the old network in the new one, 0 to 1"
    )
    parser.add_argument(
        "--renew",
        type=int,
        default=0,
        metavar="PROCESSES",
        help="that make the reader's pictures anew while it learns",
    )
    parser.add_argument("--until", type=int, help="stop after that step, to go on later")
    parser.add_argument("--restart", action="store_true", help="forget an unfinished run")
    for name, kind in (("steps", int), ("batch", int), ("lr", float), ("beta", float)):
        parser.add_argument(f"--{name}", type=kind, help="instead of the preset's")
    parser.add_argument("--seed", type=int, help="instead of the preset's")
    parser.add_argument("--device", choices=DEVICES, default="cpu", help="cuda: a GPU, with CuPy")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train or resume until done or until a signal; the exit status is 0 when the model is done."""
    given = ("steps", "batch", "lr", "beta", "seed")
    changes = {name: getattr(args, name) for name in given if getattr(args, name) is not None}
    if args.out.is_dir():
        raise ConfigError(f"{args.out} is a folder; --out names the file to write.")
    us = team()
    with us.together():
        job = make_job(
            args.preset, args.data, changes, args.start, args.keep, args.device, args.renew, us
        )
        if not us.leads:
            return 0 if follow(job, us) else 1
        folder = RunFolder(args.out)
        if not run_job(job, args.out, folder, args.restart, args.until, us):
            return 1
        draw_curve(folder)
    return 0


def run_job(
    job: Job,
    out: Path,
    folder: RunFolder,
    restart: bool = False,
    until: int | None = None,
    us: Team = ALONE,
) -> bool:
    """Train or resume; return whether it came to its end and the model was written."""
    with folder.locked():
        with stop_on_signal() as stopped:
            state = us.agreed(starting_state(folder, job, restart))
            drive(job, state, folder, stopped, until or job.settings.steps, us)
        if stopped() or state.step < job.settings.steps:
            print(f"Stopped after step {state.step}; the same command goes on from there.")
            return False
        print(job.finish(out, state))
    return True


def follow(job: Job, us: Team) -> bool:
    """Take the leader's steps with it, and leave the rest to it; return whether they are done."""
    with stop_on_signal():  # the leader decides when to stop
        state: TrainState = us.agreed(None)  # type: ignore[assignment]
        for _ in job.train(state):
            if us.agreed(False):
                break
    return state.step == job.settings.steps


def make_job(
    preset: str,
    data: Path,
    changes: dict[str, Any],
    start: Path | None,
    keep: float = 0.0,
    device: str = "cpu",
    renew: int = 0,
    us: Team = ALONE,
) -> Job:
    """Return the run that a preset names."""
    if preset in FINDER_JOBS:
        if us.size > 1:
            raise ConfigError("The finder is trained by one process; leave mpiexec out.")
        return FINDER_JOBS[preset](data, changes, start, keep, device, renew)
    if us.size > 1 and device != "cpu":
        raise ConfigError("Several processes train on CPUs; leave --device out.")
    if start is not None or keep or renew:
        raise ConfigError("A VAE begins from nothing; leave --start, --keep and --renew out.")
    return VAEJob(preset, data, changes, device, us)


def starting_state(folder: RunFolder, job: Job, restart: bool) -> TrainState:
    """Return the saved state of the same run, or a new one."""
    old = saved_states(folder.state)
    if restart or not old:
        for path in (*old, folder.log):
            path.unlink(missing_ok=True)
        return job.new_state()
    state, saved = load_state(folder.state)
    differing = [name for name, value in job.identity().items() if saved.get(name, value) != value]
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
    job: Job,
    state: TrainState,
    folder: RunFolder,
    stopped: Callable[[], bool],
    until: int,
    us: Team = ALONE,
) -> None:
    """Take the steps, log each, save every minute and at the end."""
    begun, saved = time.monotonic() - state.seconds, time.monotonic()
    with folder.log.open("a") as log, bar(state, job.settings) as progress_bar:
        for progress in job.train(state):
            log.write(json.dumps(log_row(progress)) + "\n")
            show(progress_bar, progress, job.settings)
            last = us.agreed(progress.step in (until, job.settings.steps) or stopped())
            if last or time.monotonic() - saved > SAVE_SECONDS:
                log.flush()
                state.seconds = time.monotonic() - begun
                save_state(folder.state, state, job.identity())
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
        named = ", ".join(f"{k} {v:.4g}" for k, v in progress.losses._asdict().items())
        beta = f", beta {progress.beta:.2g}" if progress.beta else ""
        progress_bar.set_postfix_str(f"{named}{beta}, {rate:.0f} pictures/s", refresh=False)


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
