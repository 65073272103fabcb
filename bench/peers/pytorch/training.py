"""Whole training steps: forward, backward, AdamW."""

import torch
from torch import nn

from fastest import fastest
from models import Classifier, DynamicVocabulary, MaskedPatchPrediction

CHECKED_STEPS = 3
FORMATS = (torch.contiguous_format, torch.channels_last)
# which of these a version of PyTorch has, and which is faster, differs
IMPLEMENTATIONS = ({"foreach": False}, {"foreach": True}, {"fused": True})
KINDS = {"scale": "weight", "shift": "bias"}


class Step:
    """A model with its optimiser, with the initial values that it was sent."""

    def __init__(self, work, arrays, memory_format, fed=()):
        self.feeds = {name: arrays[f"feed {name}"] for name in fed}
        images = arrays["feed views"].reshape(-1, 32, 32, 3).permute(0, 3, 1, 2)
        self.images = images.contiguous(memory_format=memory_format)
        self.model = model_of(work, arrays, fed)
        load(self.model, arrays)
        self.model.to(images.device, memory_format=memory_format)
        self.update = Update(self.model, work["optimizer"], {})

    def step(self):
        self.update.optimizer.zero_grad(set_to_none=True)
        loss = self.model(self.images, self.feeds)
        loss.backward()
        self.update.step()
        return loss


class Update:
    """AdamW in one of its implementations."""

    def __init__(self, model, options, implementation):
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=options["learningRate"], betas=(options["beta1"], options["beta2"]),
            eps=options["epsilon"], weight_decay=options["weightDecay"], **implementation)
        self.step = self.optimizer.step


def model_of(work, arrays, fed):
    """With numbers that are fed there is no dropout, and vocabularies stand still."""
    config = work["config"]
    if work["model"] == "resnet50":
        labels = arrays["feed labels"].reshape(-1, arrays["head.bias"].numel())
        return Classifier(config, labels)
    model = MaskedPatchPrediction(config, 0 if fed else config["model"]["dropout"])
    for module in model.modules():
        if isinstance(module, DynamicVocabulary):
            module.frozen = bool(fed)
    return model


@torch.no_grad()
def load(model, arrays):
    """Copies parameters and vocabularies, which have the same names but for the last part."""
    left = dict([*model.named_parameters(), *(
        (name, buffer) for name, buffer in model.named_buffers() if "Vocabulary" in name)])
    for name, values in arrays.items():
        if name.startswith("feed "):
            continue
        path, _, kind = name.rpartition(".")
        tensor = left.pop(".".join(filter(None, [path, KINDS.get(kind, kind)])))
        if tensor.ndim == 4:
            values = values.permute(3, 2, 0, 1)
        elif isinstance(model.get_submodule(path), nn.Linear) and tensor.ndim == 2:
            values = values.T
        tensor.copy_(values.reshape(tensor.shape) if tensor.ndim == 1 or "Vocabulary" in name else values)
    if left:
        raise ValueError(f"no values for {', '.join(left)}")


class Training:
    def __init__(self, work, arrays):
        self.work, self.arrays = work, arrays
        chosen = fastest([
            lambda memory_format=memory_format: Step(work, arrays, memory_format) for memory_format in FORMATS])
        chosen.update = fastest([
            lambda implementation=implementation: Update(chosen.model, work["optimizer"], implementation)
            for implementation in IMPLEMENTATIONS])
        self.step = chosen.step

    def run(self, times):
        for _ in range(times):
            self.step()

    def result(self):
        """Losses of the first steps, without dropout and with the random numbers that were sent."""
        fed = [name[len("feed "):] for name in self.arrays if name.startswith("feed ")]
        fresh = Step(self.work, self.arrays, torch.contiguous_format, fed)
        return torch.stack([fresh.step().detach() for _ in range(CHECKED_STEPS)])
