"""Does what `bench/peers/pytorch.ts` asks for, one thing at a time.

A question is a line of JSON and then the bytes of its arrays; so is the answer. A piece of work is an
object with `run(times)` and `result()`.
"""

import json
import os
import sys

INSTALL = "apt-get install python3-torch libopenblas0-pthread, or pip install torch"


def read_question():
    line = sys.stdin.buffer.readline()
    if not line:
        return None
    question = json.loads(line)
    arrays = {}
    for array in question.pop("arrays"):
        count = 1
        for axis in array["shape"]:
            count *= axis
        data = bytearray(sys.stdin.buffer.read(4 * count))
        arrays[array["name"]] = (data, array["shape"])
    question["arrays"] = arrays
    return question


def answer(values=b"", error=None):
    line = {"size": len(values) // 4}
    if error is not None:
        line["error"] = error
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n" + values)
    sys.stdout.buffer.flush()


def refuse_all(reason):
    while read_question() is not None:
        answer(error=reason)
    sys.exit()


try:
    import torch
    import numpy
except ImportError as missing:
    refuse_all(f"{sys.executable} has no {missing.name}: {INSTALL}")

from operations import Attention, Convolution, LayerStep, Matmul
from training import Training
from vocabulary import Vocabulary

KINDS = {
    "matmul": Matmul,
    "convolution": Convolution,
    "layerStep": LayerStep,
    "attention": Attention,
    "vocabulary": Vocabulary,
    "training": Training,
}


def set_up(mode):
    """The device, with what a good user turns on."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    if mode == "CPU":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        refuse_all(f"PyTorch {torch.__version__} finds no CUDA device")
    torch.backends.cuda.matmul.allow_tf32 = mode == "CUDA TF32"
    torch.backends.cudnn.allow_tf32 = mode == "CUDA TF32"
    torch.backends.cudnn.benchmark = True
    return torch.device("cuda")


def tensors_on(device, arrays):
    return {
        name: torch.from_numpy(numpy.frombuffer(data, numpy.float32).reshape(shape)).to(device)
        for name, (data, shape) in arrays.items()
    }


def main():
    device = set_up(sys.argv[1])
    work = None
    while (question := read_question()) is not None:
        command = question["command"]
        values = b""
        try:
            if command == "prepare":
                arrays = tensors_on(device, question.pop("arrays"))
                work = KINDS[question["kind"]](question, arrays)
            elif command == "run":
                work.run(question["times"])
                if device.type == "cuda":
                    torch.cuda.synchronize()
            elif command == "result":
                values = work.result().detach().float().cpu().contiguous().numpy().tobytes()
            elif command == "close":
                work = None
        except Exception as error:
            answer(error=f"{type(error).__name__}: {error}")
        else:
            answer(values)


main()
