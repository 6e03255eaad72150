"""The temperature of a base: the one number that makes its confidence honest.

With an over-confident base, any patch that softens the logits lowers the loss and would be paid
for it as if it had brought knowledge. Dividing the head by its temperature, fitted on M, takes
that away before anybody fine-tunes.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar

from workers.training.encoding import IGNORED, Examples
from workers.training.model import Bundle
from workers.training.scoring import batches, predict_logits

HONEST = (0.8, 1.25)  # temperatures that need no correction
_RANGE = (math.log(0.02), math.log(50.0))


@torch.inference_mode()
def fit_temperature(bundle: Bundle, examples: Examples, batch_size: int = 64) -> float:
    """The tau > 0 that minimises the mean cross entropy of logits / tau."""
    bundle.model.eval()
    logits, labels = [], []
    for batch in batches(examples, batch_size):
        found = predict_logits(bundle, batch)
        used = batch.labels != IGNORED
        logits.append(found[used].double().cpu())
        labels.append(batch.labels[used].cpu())
    every, right = torch.cat(logits), torch.cat(labels)

    def loss(log_tau: float) -> float:
        return F.cross_entropy(every / math.exp(log_tau), right).item()

    best = minimize_scalar(loss, bounds=_RANGE, method="bounded", options={"xatol": 1e-4})
    return math.exp(float(best.x))
