"""The same models and losses in PyTorch, as its users would write them."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from vae_core.layers.resize import cosine_matrix, emphasis_gains
from vae_core.model import VAEConfig
from vae_core.networks import PATCH
from vae_core.presets import PRESETS


def eager(batch: int, fused: bool, device: str = "cpu") -> Callable[[], None]:
    """2500-1000-50-1000-2500 with tanh, half the square error + 0 * KL, Adam."""
    return stepper(*classic(batch, fused, device))


def compiled(batch: int) -> Callable[[], None]:
    """Return the same with loss and gradients compiled, and Adam fused."""
    torch: Any = import_module("torch")
    loss_of, optimizer = classic(batch, True, "cpu")
    return stepper(torch.compile(loss_of), optimizer)


def stepper(loss_of: Callable[[], Any], optimizer: Any) -> Callable[[], None]:
    def step() -> None:
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def classic(batch: int, fused: bool, device: str) -> tuple[Callable[[], Any], Any]:
    """Return what computes the loss of one batch, and its Adam."""
    torch: Any = import_module("torch")
    nn = torch.nn
    encoder = nn.Sequential(nn.Linear(2500, 1000), nn.Tanh(), nn.Linear(1000, 2 * 50))
    decoder = nn.Sequential(nn.Linear(50, 1000), nn.Tanh(), nn.Linear(1000, 2500), nn.Sigmoid())
    for network in (encoder, decoder):
        network.to(device)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-3, **({"fused": True} if fused else {}))
    x = torch.rand(batch, 2500, device=device)

    def loss_of() -> Any:
        mean, logvar = encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
        nll = 0.5 * (decoder(z) - x).square().sum(dim=1)
        kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).sum(dim=1)
        return (nll + 0.0 * kl).mean()

    return loss_of, optimizer


def flagship(tuned: bool, device: str = "cpu") -> Callable[[], None]:
    """Train the preset `flagship`; ``tuned``: fused Adam, channels last."""
    torch: Any = import_module("torch")
    model, (batch, power) = PRESETS["flagship"].model, (PRESETS["flagship"].training.batch, 0.15)
    encoder, decoder = flagship_networks(torch.nn, model)
    side = model.inner.image[0]
    layout = torch.channels_last if tuned else torch.contiguous_format
    for network in (encoder, decoder):
        network.to(device=device, memory_format=layout)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-3, **({"fused": True} if tuned else {}))
    x = torch.rand(batch, 3, side, side, device=device).to(memory_format=layout)
    waves = torch.tensor(cosine_matrix(side), dtype=torch.float32, device=device)
    gains = torch.tensor(emphasis_gains(side, side, power), dtype=torch.float32, device=device)

    def step() -> None:
        optimizer.zero_grad()
        mean, logvar = encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
        error = gains * (waves @ (decoder(z) - x) @ waves.T)
        squares = error.square().sum(dim=(1, 2, 3))
        pixels = 3 * side * side
        variance = squares.mean() / pixels
        nll = squares / (2 * variance.detach()) + 0.5 * pixels * variance.detach().log()
        kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).sum(dim=1)
        loss = (nll + kl).mean()
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def flagship_networks(nn: Any, model: VAEConfig) -> tuple[Any, Any]:
    """Return encoder and decoder as :func:`vae_core.networks.conv_networks` makes them."""
    fine, coarse = model.hidden
    grid = model.inner.image[0] // (2 * PATCH)
    encoder = nn.Sequential(
        nn.Conv2d(3, fine, PATCH, PATCH),
        nn.Conv2d(fine, coarse, 2, 2),
        nn.Flatten(),
        nn.Linear(coarse * grid * grid, 2 * model.latent),
    )

    class Residual(nn.Module):  # type: ignore[misc]
        def __init__(self, conv: Any, mix: Any) -> None:
            super().__init__()
            self.inner = nn.Sequential(conv, nn.LeakyReLU(0.1), mix)

        def forward(self, x: Any) -> Any:
            flat = x.flatten(2) if isinstance(self.inner[0], nn.Linear) else x
            return x + self.inner(flat).reshape(x.shape)

    def block(channels: int, side: int) -> tuple[Any, Any]:
        places, both = side * side, 2 * channels
        return (
            Residual(nn.Linear(places, 2 * places), nn.Linear(2 * places, places)),
            Residual(nn.Conv2d(channels, both, 1), nn.Conv2d(both, channels, 1)),
        )

    blocks = zip(model.hidden, (2 * grid, grid), model.blocks, strict=True)
    fine_blocks, coarse_blocks = (
        [each for _ in range(count) for each in block(channels, side)]
        for channels, side, count in blocks
    )
    decoder = nn.Sequential(
        nn.Linear(model.latent, coarse * grid * grid),
        nn.Unflatten(1, (coarse, grid, grid)),
        *coarse_blocks,
        nn.Conv2d(coarse, 4 * fine, 1),
        nn.PixelShuffle(2),
        *fine_blocks,
        nn.Conv2d(fine, 3 * PATCH * PATCH, 1),
        nn.PixelShuffle(PATCH),
    )
    return encoder, decoder
