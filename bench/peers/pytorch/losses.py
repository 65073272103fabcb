"""The terms of the loss, balanced."""

import torch

MARGIN = 1e-6


def similarity(x, y):
    """`|x, y|` for all pairs of rows of unit length."""
    return (0.5 * (x @ y.T) + 0.5).clamp(MARGIN, 1 - MARGIN)


def contrast(similarities, positive):
    """Positives by their number, negatives by theirs."""
    terms = torch.where(positive, similarities, 1 - similarities).log()
    positives = positive.sum()
    weights = torch.where(positive, 1 / positives, 1 / (positive.numel() - positives))
    return -(terms * weights).sum()


def patch_positives(locations, views, patches):
    """The same instance at the same location: `[n * masked, n * patches]`."""
    n, masked = locations.shape
    instance = torch.arange(n, device=locations.device) // views
    same_instance = instance.repeat_interleave(masked)[:, None] == instance.repeat_interleave(patches)
    place = torch.arange(patches, device=locations.device).repeat(n)
    return same_instance & (locations.reshape(-1, 1) == place)


def image_positives(n, views, device):
    instance = torch.arange(n, device=device) // views
    return instance[:, None] == instance


def vocabulary_loss(predictions, targets, entries):
    weight = similarity(targets, entries) - 1
    return (weight * torch.log(1 - similarity(predictions, entries))).mean()
