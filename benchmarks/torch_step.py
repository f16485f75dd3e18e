"""The same model and loss in PyTorch, as its users would write them."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def eager(batch: int, fused: bool) -> Callable[[], None]:
    """2500-1000-50-1000-2500 with tanh, half the square error + 0 * KL, Adam."""
    torch: Any = import_module("torch")
    nn = torch.nn
    encoder = nn.Sequential(nn.Linear(2500, 1000), nn.Tanh(), nn.Linear(1000, 2 * 50))
    decoder = nn.Sequential(nn.Linear(50, 1000), nn.Tanh(), nn.Linear(1000, 2500), nn.Sigmoid())
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-3, **({"fused": True} if fused else {}))
    x = torch.rand(batch, 2500)

    def step() -> None:
        optimizer.zero_grad()
        mean, logvar = encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
        nll = 0.5 * (decoder(z) - x).square().sum(dim=1)
        kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).sum(dim=1)
        loss = (nll + 0.0 * kl).mean()
        loss.backward()
        optimizer.step()
        loss.item()

    return step
