"""Decoding the frames of a morph: this program and ONNX Runtime, with as many threads."""

import argparse

from benchmarks.measure import Contender, interleave
from benchmarks.report import ROOT, table
from benchmarks.training_step import version_of

FRAMES = {"classic": 11, "flagship": 17}
CALLS = {"classic": 40, "flagship": 8}
THREADS = 1
"""As in the server, where every worker decodes on one."""

MODULE = "benchmarks.onnx_model"


def run(options: argparse.Namespace) -> str:
    runtime = f"ONNX Runtime {version_of('onnxruntime')}"
    if not (version_of("onnxruntime") and version_of("onnx")):
        return "ONNX Runtime is not installed: `pip install onnx onnxruntime`."
    rows = []
    for name, frames in FRAMES.items():
        if not (ROOT / "models" / f"{name}.safetensors").exists():
            continue
        ours, theirs = interleave(
            [
                Contender("this program", f"{MODULE}:ours", (name, frames), THREADS),
                Contender(runtime, f"{MODULE}:theirs", (name, frames, THREADS), THREADS),
            ],
            options.rounds,
            CALLS[name],
        )
        rows.append([f"{name}, {frames} frames", ours, theirs, theirs.over(ours)])
    head = ["decode on one thread, ms", "this program", runtime]
    return table([*head, "times as long as ours (bar: 1)"], rows)
