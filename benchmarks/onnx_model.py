"""A decoder written out for ONNX Runtime, as its users would have it: planes of channels."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.report import ROOT
from vae_core.checkpoint import Checkpoint, load_checkpoint
from vae_core.layers import (
    AcrossPlaces,
    Chain,
    Conv2d,
    DepthToSpace,
    Layer,
    LeakyRelu,
    Linear,
    Reshape,
    Residual,
    Resize,
    Tanh,
    TiledConv2d,
)
from vae_core.layers.resize import resize_matrix
from vae_core.memory import keep_freed_memory
from vae_core.types import Array, Params, scope


class Graph:
    """Nodes and constants of a model, one after the other."""

    def __init__(self) -> None:
        self.helper: Any = import_module("onnx.helper")
        self.numpy: Any = import_module("onnx.numpy_helper")
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: Array) -> str:
        """Append a constant; return its name."""
        name = f"constant{len(self.constants)}"
        self.constants.append(self.numpy.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Append a node; return its output."""
        name = f"value{len(self.nodes)}"
        self.nodes.append(self.helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def layer(self, layer: Layer, params: Params, x: str) -> str:
        """Append a layer's nodes; return its output."""
        if isinstance(layer, Chain):
            for name, each in layer.layers.items():
                x = self.layer(each, scope(params, name), x)
            return x
        if isinstance(layer, Residual):
            return self.add("Add", x, self.layer(layer.inner, params, x))
        if isinstance(layer, Linear):
            weight, bias = (self.constant(params[k]) for k in ("weight", "bias"))
            return self.add("Gemm", x, weight, bias)
        if isinstance(layer, AcrossPlaces):
            weight, bias = (self.constant(params[k]) for k in ("weight", "bias"))
            flat = self.add("Reshape", x, self.constant(np.array([0, 0, -1])))
            mixed = self.add("Add", self.add("MatMul", flat, weight), bias)
            return self.add("Reshape", mixed, self.constant(np.array([0, 0, *layer.outputs])))
        if isinstance(layer, Conv2d | TiledConv2d):
            plain = layer if isinstance(layer, Conv2d) else layer.plain
            return self.convolution(plain, params, x)
        if isinstance(layer, Reshape):
            shaped = self.add("Reshape", x, self.constant(np.array([-1, *layer.shape])))
            return self.add("Transpose", shaped, perm=[0, 3, 1, 2])
        if isinstance(layer, Resize):
            sides = zip(layer.inputs, layer.outputs, strict=True)
            down, across = (resize_matrix(*pair) for pair in sides)
            tall = self.add("MatMul", self.constant(down), x)
            return self.add("MatMul", tall, self.constant(across.T))
        if isinstance(layer, DepthToSpace):
            return self.add("DepthToSpace", x, blocksize=layer.block, mode="DCR")
        if isinstance(layer, LeakyRelu):
            return self.add("LeakyRelu", x, alpha=layer.slope)
        if isinstance(layer, Tanh):
            return self.add("Tanh", x)
        raise TypeError(layer)

    def convolution(self, layer: Conv2d, params: Params, x: str) -> str:
        """Append a convolution."""
        k = layer.kernel
        weight = params["weight"].reshape(k, k, layer.inputs, layer.outputs).transpose(3, 2, 0, 1)
        constants = self.constant(weight), self.constant(params["bias"])
        return self.add("Conv", x, *constants, pads=[layer.pad] * 4)

    def model(self, y: str, latent: int) -> bytes:
        """Return the file of a model from (N, latent) to ``y``."""
        helper, kind = self.helper, self.helper.np_dtype_to_tensor_dtype(np.dtype(np.float32))
        z = helper.make_tensor_value_info("z", kind, [None, latent])
        out = helper.make_tensor_value_info(y, kind, None)
        graph = helper.make_graph(self.nodes, "decoder", [z], [out], self.constants)
        versions = [helper.make_opsetid("", 17)]
        written: bytes = helper.make_model(
            graph, opset_imports=versions, ir_version=9
        ).SerializeToString()
        return written


def drawn(name: str, frames: int) -> tuple[Checkpoint, Array]:
    checkpoint = load_checkpoint(ROOT / "models" / f"{name}.safetensors")
    shape = frames, checkpoint.config.latent
    return checkpoint, np.random.default_rng(0).standard_normal(shape, np.float32)


def ours(name: str, frames: int) -> Callable[[], object]:
    keep_freed_memory()
    checkpoint, z = drawn(name, frames)
    return lambda: checkpoint.decode(z)


def theirs(name: str, frames: int, threads: int) -> Callable[[], object]:
    """Return the same in ONNX Runtime; AssertionError if its pictures are others."""
    checkpoint, z = drawn(name, frames)
    runtime: Any = import_module("onnxruntime")
    graph = Graph()
    logits = graph.layer(checkpoint.vae.decoder, scope(checkpoint.params, "decoder"), "z")
    if checkpoint.config.likelihood == "squared_error":
        y = graph.add("Sigmoid", logits)
    else:
        ends = (graph.constant(np.array(v, np.float32)) for v in (0, 1))
        y = graph.add("Clip", logits, *ends)
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = runtime.InferenceSession(
        graph.model(y, checkpoint.config.latent), options, providers=["CPUExecutionProvider"]
    )
    pictures = session.run(None, {"z": z})[0].transpose(0, 2, 3, 1)
    np.testing.assert_allclose(pictures, checkpoint.decode(z), atol=1e-3)
    return lambda: session.run(None, {"z": z})
