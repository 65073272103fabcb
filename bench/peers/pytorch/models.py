"""The baseline and DV2, and a classifier. A model maps images and a `Draw` to its loss."""

import torch
from torch import nn
from torch.nn import functional as F

from losses import contrast, image_positives, patch_positives, similarity, vocabulary_loss
from networks import (
    AttentionExchange, ImageNetwork, PatchNetwork, Projection, ResNet, Transformer)
from vocabulary import match

GROUPS = ("res2", "res3", "res4")


class DynamicVocabulary(nn.Module):
    """Moving cluster centres with masses; they stand still while `frozen`."""

    def __init__(self, entries, width, decay):
        super().__init__()
        self.decay, self.frozen = decay, False
        self.register_buffer("vectors", torch.empty(entries, width))
        self.register_buffer("masses", torch.empty(entries))

    @torch.no_grad()
    def update(self, targets):
        """Takes in `[n, width]`, and returns all entries afterwards."""
        matched = match(self.vectors, self.masses, targets)
        sums = torch.zeros_like(self.vectors).index_add_(0, matched, targets)
        counts = torch.zeros_like(self.masses).index_add_(0, matched, torch.ones_like(targets[:, 0]))
        moved = F.normalize(self.vectors * self.masses[:, None] + sums, dim=1, eps=1e-6)
        vectors = torch.where(counts[:, None] > 0.5, moved, self.vectors)
        if not self.frozen:
            self.vectors = vectors
            self.masses = (self.masses + counts) * self.decay
        return vectors


class DoubleView(nn.Module):
    def __init__(self, encoder, width, projection, dropout):
        super().__init__()
        self.imageNetwork = ImageNetwork(encoder, dropout)
        self.token = nn.Parameter(torch.empty(width))
        self.imageHead = Projection(encoder.channels[4], projection)
        self.predictionHead = Projection(width, projection)


class MaskedPatchPrediction(nn.Module):
    """Masked patch prediction, with the double view, the exchange and the vocabulary where they are set."""

    def __init__(self, config, dropout):
        super().__init__()
        model, encoder = config["model"], config["encoder"]
        self.views, self.grid, self.masked = config["views"], model["grid"], model["masked"]
        self.weights = {name: loss["weight"] for name, loss in config["losses"].items()}
        double_view, exchange, vocabulary = model["doubleView"], model["exchange"], model["vocabulary"]
        projection = model["projection"]
        self.encoder = ResNet(encoder["depth"], encoder["width"], encoder["stem"], 4 if double_view else 3)

        def transformer(width, sizes):
            return Transformer(width, sizes["layers"], sizes["heads"], sizes["feedForward"], dropout)

        def exchange_after(group):
            if exchange is None or GROUPS[group] not in exchange["after"]:
                return None
            channels, width = self.encoder.channels[group + 1], exchange["width"]
            return AttentionExchange(channels, self.grid**2, width, transformer(width, exchange))

        self.patchNetwork = PatchNetwork(
            self.encoder, self.grid, dropout, [exchange_after(group) for group in range(3)])
        width = self.encoder.channels[3]
        self.positions = nn.Parameter(torch.empty(self.grid**2, width))
        self.transformer = transformer(width, model["transformer"])
        self.patchHead = Projection(width, projection)
        self.doubleView = DoubleView(self.encoder, width, projection, dropout) if double_view else None
        self.patchVocabulary = self.imageVocabulary = None
        if vocabulary is not None:
            sizes = (vocabulary["entries"], projection, vocabulary["decay"])
            self.patchVocabulary = DynamicVocabulary(*sizes)
            if double_view:
                self.imageVocabulary = DynamicVocabulary(*sizes)

    def forward(self, images, feeds):
        n, patches = images.shape[0], self.grid**2
        keys = feeds["uniform0"] if feeds else torch.rand(n, patches, device=images.device)
        # the patches of each image in the order of their random numbers
        locations = keys.reshape(n, patches).argsort(1)[:, :self.masked]
        visible = torch.ones(n, patches, dtype=torch.bool, device=images.device)
        visible.scatter_(1, locations, False)
        P = self.patchNetwork(images, visible)
        width = P.shape[2]
        tokens, keys = P * visible[:, :, None] + self.positions, visible
        if self.doubleView is not None:
            tokens = torch.cat([tokens, self.doubleView.token.expand(n, 1, width)], 1)
            keys = F.pad(visible, (0, 1), value=True)
        contextual = self.transformer(tokens, keys)

        def rows_at(x):
            return x.gather(1, locations[:, :, None].expand(-1, -1, x.shape[2]))

        predictions = self.patchHead(rows_at(contextual)).flatten(0, 1)
        targets = self.patchHead(P)
        positive = patch_positives(locations, self.views, patches)
        loss = self.weights["maskedPatch"] * contrast(similarity(predictions, targets.flatten(0, 1)), positive)
        if self.patchVocabulary is not None:
            loss = loss + self.weights["patchVocabulary"] * compare(
                self.patchVocabulary, predictions, rows_at(targets).flatten(0, 1))
        if self.doubleView is None:
            return loss
        view = self.doubleView
        image_predictions = view.predictionHead(contextual[:, -1])
        image_targets = view.imageHead(view.imageNetwork(images))
        positive = image_positives(n, self.views, images.device)
        loss = loss + self.weights["image"] * contrast(similarity(image_predictions, image_targets), positive)
        if self.imageVocabulary is not None:
            loss = loss + self.weights["imageVocabulary"] * compare(
                self.imageVocabulary, image_predictions, image_targets)
        return loss


def compare(vocabulary, predictions, targets):
    targets = targets.detach()
    return vocabulary_loss(predictions, targets, vocabulary.update(targets))


class Classifier(nn.Module):
    """A residual network with a linear layer and the cross entropy of its classes."""

    def __init__(self, config, labels):
        super().__init__()
        encoder = config["encoder"]
        self.encoder = ResNet(encoder["depth"], encoder["width"], encoder["stem"])
        self.norm = nn.BatchNorm2d(self.encoder.channels[4])
        self.head = nn.Linear(self.encoder.channels[4], labels.shape[1])
        self.labels = labels.argmax(1)

    def forward(self, images, _feeds):
        y = self.encoder.stem(images)
        for group in self.encoder.groups:
            y = group(y)
        pooled = F.relu(self.norm(y), inplace=True).mean((2, 3))
        return F.cross_entropy(self.head(pooled), self.labels)
