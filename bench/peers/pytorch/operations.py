"""Single operations. Images come as NHWC, weights of convolutions as [height, width, inputs, outputs]."""

import torch
from torch.nn import functional as F

from attention import attention
from fastest import fastest

LEARNING_RATE = 0.1
FORMATS = (torch.contiguous_format, torch.channels_last)


class Replayed:
    """Work that is one call of `step`, again and again."""

    def run(self, times):
        for _ in range(times):
            self.step()


class Matmul(Replayed):
    def __init__(self, work, arrays):
        self.a = arrays["a"].reshape(work["m"], work["k"])
        self.b = arrays["b"].reshape(work["k"], work["n"])

    def step(self):
        with torch.no_grad():
            return self.a @ self.b

    def result(self):
        return self.step()


def image(values, work, channels, memory_format):
    shape = (work["n"], work["size"], work["size"], channels)
    return values.reshape(shape).permute(0, 3, 1, 2).contiguous(memory_format=memory_format)


def oihw(weight, memory_format):
    return weight.permute(3, 2, 0, 1).contiguous(memory_format=memory_format)


class ConvolutionPass:
    """A pass in one memory format."""

    def __init__(self, work, arrays, memory_format):
        window = work["window"]
        shape = (window, window, work["inputs"], work["outputs"])
        self.kind = work["pass"]
        self.padding = (window - 1) // 2
        self.x = image(arrays["x"], work, work["inputs"], memory_format)
        self.weight = oihw(arrays["weight"].reshape(shape), memory_format)
        self.gradient = image(arrays["gradient"], work, work["outputs"], memory_format)

    def step(self):
        with torch.no_grad():
            if self.kind == "forward":
                return F.conv2d(self.x, self.weight, padding=self.padding)
            mask = [self.kind == "inputGradient", self.kind == "weightGradient", False]
            gradients = torch.ops.aten.convolution_backward(
                self.gradient, self.x, self.weight, None, [1, 1], [self.padding] * 2, [1, 1], False, [0, 0], 1, mask)
            return gradients[0] if mask[0] else gradients[1]


class Convolution:
    def __init__(self, work, arrays):
        self.pass_ = fastest([
            lambda memory_format=memory_format: ConvolutionPass(work, arrays, memory_format)
            for memory_format in FORMATS])

    def run(self, times):
        for _ in range(times):
            self.pass_.step()

    def result(self):
        result = self.pass_.step()
        weights = self.pass_.kind == "weightGradient"
        return result.permute(2, 3, 1, 0) if weights else result.permute(0, 2, 3, 1)


class LayerInFormat:
    """Convolution, batch normalisation and ReLU with plain gradient descent, in one memory format."""

    def __init__(self, work, arrays, memory_format):
        shape = (3, 3, work["inputs"], work["outputs"])
        self.x = image(arrays["x"], work, work["inputs"], memory_format).requires_grad_()
        self.weight = oihw(arrays["weight"].reshape(shape), memory_format).requires_grad_()
        self.scale = torch.ones(work["outputs"], device=self.x.device, requires_grad=True)
        self.shift = torch.zeros(work["outputs"], device=self.x.device, requires_grad=True)
        self.parameters = [self.weight, self.scale, self.shift]
        target = image(arrays["target"], work, work["outputs"], memory_format)
        # the gradient of mean(y * target): the mean itself need not be computed
        self.gradient = target / target.numel()

    def step(self):
        y = F.conv2d(self.x, self.weight, padding=1)
        y = F.relu(F.batch_norm(y, None, None, self.scale, self.shift, training=True, eps=1e-5))
        _, *gradients = torch.autograd.grad(y, [self.x, *self.parameters], self.gradient)
        with torch.no_grad():
            torch._foreach_add_(self.parameters, gradients, alpha=-LEARNING_RATE)


class LayerStep(Replayed):
    def __init__(self, work, arrays):
        self.make = lambda memory_format: LayerInFormat(work, arrays, memory_format)
        chosen = fastest([lambda memory_format=memory_format: self.make(memory_format) for memory_format in FORMATS])
        self.step = chosen.step

    def result(self):
        fresh = self.make(torch.contiguous_format)
        fresh.step()
        return fresh.weight.permute(2, 3, 1, 0)


class Attention(Replayed):
    def __init__(self, work, arrays):
        shape = (work["batch"], work["tokens"], work["width"])
        self.heads = work["heads"]
        self.inputs = [arrays[name].reshape(shape).requires_grad_() for name in ("query", "key", "value")]
        target = arrays["target"].reshape(shape)
        self.gradient = target / target.numel()

    def step(self):
        return torch.autograd.grad(attention(*self.inputs, self.heads), self.inputs, self.gradient)

    def result(self):
        return torch.stack(self.step())
