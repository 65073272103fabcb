"""Match and loss against a vocabulary, with whole matrices of entries and vectors."""

import torch

from losses import vocabulary_loss


def scores(vectors, masses, targets):
    """`cos(m v + u, u)` of each target and entry, `[n, entries]`."""
    along = targets @ vectors.T * masses
    return (along + 1) / torch.sqrt(masses.square() + 2 * along + 1 + 1e-6)


def match(vectors, masses, targets):
    return scores(vectors, masses, targets).argmax(1)


class Vocabulary:
    def __init__(self, work, arrays):
        entries, n, width = work["entries"], work["n"], work["width"]
        self.before = arrays["before"].reshape(entries, width)
        self.after = arrays["after"].reshape(entries, width)
        self.masses = arrays["masses"]
        self.targets = arrays["targets"].reshape(n, width)
        self.predictions = arrays["predictions"].reshape(n, width).requires_grad_()

    def step(self):
        with torch.no_grad():
            matched = match(self.before, self.masses, self.targets)
        loss = vocabulary_loss(self.predictions, self.targets, self.after)
        return matched, torch.autograd.grad(loss, self.predictions)[0]

    def run(self, times):
        for _ in range(times):
            self.step()

    def result(self):
        _, gradient = self.step()
        scale = self.targets.shape[0] * self.before.shape[0]
        best = scores(self.before, self.masses, self.targets).max(1).values
        return torch.cat([gradient.flatten() * scale, best])
