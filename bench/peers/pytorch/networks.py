"""The layers of this project in PyTorch; every property has the name that it has there."""

import torch
from torch import nn
from torch.nn import functional as F

from attention import attention

BLOCKS = {18: (2, 2, 2, 2), 26: (2, 2, 2, 2), 50: (3, 4, 6, 3)}
EXPANSION = 4


def channels_of(depth, width):
    """Channels of the stem and of each group."""
    expansion = 1 if depth == 18 else EXPANSION
    # rounded as in JavaScript, halves upwards
    scaled = [max(8, int(channels * width / 8 + 0.5) * 8) for channels in (64, 64, 128, 256, 512)]
    return [scaled[0], *(channels * expansion for channels in scaled[1:])]


class Block(nn.Module):
    """A residual block with normalisation first."""

    def __init__(self, inputs, outputs, stride, bottleneck):
        super().__init__()
        if bottleneck:
            inner = outputs // EXPANSION
            sizes = [(inputs, inner, 1, 1), (inner, inner, 3, stride), (inner, outputs, 1, 1)]
        else:
            sizes = [(inputs, outputs, 3, stride), (outputs, outputs, 3, 1)]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(i, o, window, step, padding=window // 2, bias=False) for i, o, window, step in sizes)
        self.norms = nn.ModuleList(nn.BatchNorm2d(i) for i, *_ in sizes)
        self.shortcut = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        y, shortcut = x, x
        for i, (norm, convolution) in enumerate(zip(self.norms, self.convolutions)):
            y = F.relu(norm(y), inplace=True)
            if i == 0 and self.shortcut is not None:
                shortcut = self.shortcut(y)
            y = convolution(y)
        return y + shortcut


class ResNet(nn.Module):
    """A pre-activation residual network with the small stem."""

    def __init__(self, depth, width, stem, groups=4):
        super().__init__()
        if stem != "small":
            raise ValueError(f"no stem {stem} here")
        self.channels = channels_of(depth, width)[:groups + 1]
        self.stem = nn.Conv2d(3, self.channels[0], 3, padding=1, bias=False)
        self.groups = nn.ModuleList(
            nn.Sequential(*(
                Block(self.channels[group + (i > 0)], self.channels[group + 1],
                      2 if i == 0 and group > 0 else 1, depth != 18)
                for i in range(BLOCKS[depth][group])))
            for group in range(groups))


class SelfAttention(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.inputs = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x, visible):
        query, key, value = self.inputs(x).chunk(3, -1)
        return self.output(attention(query, key, value, self.heads, visible, self.dropout))


class TransformerLayer(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout):
        super().__init__()
        self.attentionNorm = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, dropout)
        self.feedForwardNorm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, feed_forward)
        self.contract = nn.Linear(feed_forward, width)
        self.dropout = dropout

    def forward(self, x, visible):
        x = x + F.dropout(self.attention(self.attentionNorm(x), visible), self.dropout)
        hidden = F.dropout(F.gelu(self.expand(self.feedForwardNorm(x))), self.dropout)
        return x + F.dropout(self.contract(hidden), self.dropout)


class Transformer(nn.Module):
    def __init__(self, width, layers, heads, feed_forward, dropout):
        super().__init__()
        self.layers = nn.ModuleList(
            TransformerLayer(width, heads, feed_forward, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, x, visible):
        for layer in self.layers:
            x = layer(x, visible)
        return self.norm(x)


class AttentionExchange(nn.Module):
    def __init__(self, channels, patches, width, transformer):
        super().__init__()
        self.patches = patches
        self.input = nn.Linear(channels, width)
        self.positions = nn.Parameter(torch.empty(patches, width))
        self.transformer = transformer
        self.output = nn.Linear(width, channels)

    def forward(self, x, visible):
        """`[n * patches, channels, height, width]` -> the same shape."""
        pooled = x.mean((2, 3)).reshape(-1, self.patches, x.shape[1])
        tokens = self.input(pooled) + self.positions
        exchanged = self.output(self.transformer(tokens, visible)) * visible[:, :, None]
        return x + exchanged.reshape(x.shape[0], x.shape[1], 1, 1)


class PatchNetwork(nn.Module):
    """The first three groups of a residual network on every patch."""

    def __init__(self, encoder, grid, dropout, exchanges):
        super().__init__()
        self.encoder, self.grid, self.dropout = encoder, grid, dropout
        self.exchanges = nn.ModuleList(exchanges)
        self.norm = nn.BatchNorm2d(encoder.channels[3])

    def forward(self, images, visible):
        """`[n, 3, height, width]` -> `[n, patches, features]`."""
        n, _, height, width = images.shape
        grid = self.grid
        cells = images.reshape(n, 3, grid, height // grid, grid, width // grid)
        patches = cells.permute(0, 2, 4, 1, 3, 5).reshape(-1, 3, height // grid, width // grid)
        if images.is_contiguous(memory_format=torch.channels_last):
            patches = patches.contiguous(memory_format=torch.channels_last)
        y = self.encoder.stem(patches)
        for group, exchange in zip(self.encoder.groups, self.exchanges):
            y = exchange(group(y), visible) if exchange is not None else group(y)
        pooled = F.relu(self.norm(y)).mean((2, 3)).reshape(n, grid * grid, -1)
        return F.dropout(pooled, self.dropout)


class ImageNetwork(nn.Module):
    """All groups of a residual network on whole images."""

    def __init__(self, encoder, dropout):
        super().__init__()
        self.encoder, self.dropout = encoder, dropout
        self.norm = nn.BatchNorm2d(encoder.channels[4])

    def forward(self, images):
        y = self.encoder.stem(images)
        for group in self.encoder.groups:
            y = group(y)
        return F.dropout(F.relu(self.norm(y)).mean((2, 3)), self.dropout)


class Projection(nn.Module):
    """To vectors of unit length."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x):
        return F.normalize(self.linear(x), dim=-1, eps=1e-6)
