import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { attention } from "../../engine/ops/attention.ts";
import { convolution } from "../../engine/ops/convolution.ts";
import { matmul } from "../../engine/ops/matmul.ts";
import { multiply, relu, subtract } from "../../engine/ops/elementwise.ts";
import { reshape } from "../../engine/ops/movement.ts";
import { batchNorm } from "../../engine/ops/normalization.ts";
import { mean, sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import { Storage, type Tensor } from "../../engine/graph/tensor.ts";
import type {
  AttentionWork,
  Contender,
  ConvolutionWork,
  LayerStepWork,
  MatmulWork,
} from "../work.ts";
import { release, replay, resident } from "./replay.ts";

const LEARNING_RATE = 0.1;

/** `[m, n]` */
export function product({ m, n, k, a, b }: MatmulWork): Tensor {
  return matmul(resident(a, [m, k]), resident(b, [k, n]));
}

/** The output of a convolution, or the gradient of its input or weight. */
export function convolutionPass(work: ConvolutionWork): Tensor {
  const { pass, n, size, inputs, outputs, window } = work;
  const x = resident(work.x, [n, size, size, inputs]);
  const weight = resident(work.weight, [window, window, inputs, outputs]);
  const y = convolution(x, weight, { padding: (window - 1) / 2 });
  if (pass === "forward") return y;
  const loss = sum(multiply(y, resident(work.gradient, y.shape)));
  const [dx, dweight] = gradient(loss, [x, weight]);
  return pass === "inputGradient" ? dx : dweight;
}

/** The gradients of query, key and value. */
export function attentionStep(work: AttentionWork): Tensor[] {
  const { batch, tokens, width, heads } = work;
  const [query, key, value, target] = [
    work.query,
    work.key,
    work.value,
    work.target,
  ].map((values) => resident(values, [batch, tokens, width]));
  const y = attention(query, key, value, { heads });
  return gradient(mean(multiply(y, target)), [query, key, value]);
}

/** A training step of convolution, batch normalisation and ReLU. */
export async function layerStep(
  device: Device,
  work: LayerStepWork,
): Promise<Contender> {
  const { n, size, inputs, outputs } = work;
  const x = resident(work.x, [n, size, size, inputs]);
  const target = resident(work.target, [n, size, size, outputs]);
  const storages = [
    new Storage("weight", work.weight.length, "f32", work.weight),
    new Storage("scale", outputs, "f32", new Float32Array(outputs).fill(1)),
    new Storage("shift", outputs),
  ];
  const [weight, scale, shift] = [
    storages[0].tensor([3, 3, inputs, outputs]),
    storages[1].tensor(),
    storages[2].tensor(),
  ];
  const { output } = batchNorm(
    convolution(x, weight, { padding: 1 }),
    scale,
    shift,
  );
  const parameters = [weight, scale, shift];
  const loss = mean(multiply(relu(output), target));
  const [dx, ...gradients] = gradient(loss, [x, ...parameters]);
  const program = await Program.compile(device, {
    outputs: [dx],
    assignments: storages.map((storage, i) => ({
      storage,
      value: reshape(
        subtract(parameters[i], multiply(gradients[i], LEARNING_RATE)),
        [storage.size],
      ),
    })),
  });
  return {
    run: (times) => replay(device, program, times),
    async result() {
      await program.run();
      return await device.read(storages[0]);
    },
    close: () => release(device, program),
  };
}
