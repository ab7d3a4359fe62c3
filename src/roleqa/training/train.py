"""Trains the reader: a bfloat16 working copy computes, float32 master weights are stepped."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from roleqa.training.batches import Batch
from roleqa.training.network import saved_layers

if TYPE_CHECKING:
    import torch
    from transformers import BertForQuestionAnswering

_WEIGHT_DECAY = 0.01
_CLIP = 1.0
_WARM_UP_STEPS = 30
_SAVE_EVERY_STEPS = 200


@dataclass(frozen=True, slots=True)
class Schedule:
    """The learning rate: up to `peak` at first, then falling in a line to 0 at `steps`."""

    peak: float
    steps: int

    def rate(self, step: int) -> float:
        return self.peak * min((step + 1) / _WARM_UP_STEPS, max(0.0, 1 - step / self.steps))


def train(
    network: BertForQuestionAnswering,
    batches: Iterable[Batch],
    schedule: Schedule,
    output: Path,
    report: Callable[[str], None],
) -> None:
    """Trains on each batch once and saves the weights, now and then and at the end."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    masters = {name: p.detach().clone().to(device) for name, p in network.named_parameters() if p.requires_grad}
    for master in masters.values():
        master.grad = torch.zeros_like(master)
    torch.nn.Module.to(network, device=device, dtype=torch.bfloat16)
    network.train()
    working = {name: p for name, p in network.named_parameters() if p.requires_grad}
    decayed = [master for master in masters.values() if master.ndim > 1]
    others = [master for master in masters.values() if master.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": _WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}], lr=0, fused=True
    )
    losses, rows, started = [], 0, time.monotonic()
    for step, batch in enumerate(batches):
        loss = _loss(network, batch, device)
        loss.backward()  # type: ignore[no-untyped-call]
        for name, master in masters.items():
            gradient = working[name].grad
            if master.grad is not None and gradient is not None:
                master.grad.copy_(gradient)
            working[name].grad = None
        torch.nn.utils.clip_grad_norm_(list(masters.values()), _CLIP)
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(step)
        optimizer.step()
        with torch.no_grad():
            for name, master in masters.items():
                working[name].copy_(master)
        losses.append(loss.item())
        rows += len(batch.ids)
        if step % 20 == 19:
            pace = rows / (time.monotonic() - started)
            report(f"step {step + 1} of {schedule.steps}, {rows} rows, {pace:.1f} a second, loss {_mean(losses):.3f}")
        if step % _SAVE_EVERY_STEPS == _SAVE_EVERY_STEPS - 1:
            save(masters, output)
    save(masters, output)


def _mean(losses: list[float]) -> float:
    recent = losses[-100:]
    return math.fsum(recent) / len(recent)


def _loss(network: BertForQuestionAnswering, batch: Batch, device: str) -> torch.Tensor:
    import torch

    ids, types, mask, starts, ends = (
        torch.from_numpy(array).to(device) for array in (batch.ids, batch.types, batch.mask, batch.starts, batch.ends)
    )
    output = network(input_ids=ids, token_type_ids=types, attention_mask=mask)
    # The question's tokens are no answer, nor is padding; the first token stands for "not here".
    barred = (types == 0) | (mask == 0)
    barred[:, 0] = False
    losses = [
        torch.nn.functional.cross_entropy(logits.float().masked_fill(barred, -1e4), labels)
        for logits, labels in ((output.start_logits, starts), (output.end_logits, ends))
    ]
    return (losses[0] + losses[1]) / 2


def save(masters: dict[str, torch.Tensor], output: Path) -> None:
    """Writes the layers as float16, whole or not at all."""
    from safetensors.numpy import save_file

    partial = output.with_suffix(".partial")
    save_file(saved_layers(masters), partial)
    partial.replace(output)
