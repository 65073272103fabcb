/**
 * Prints how large the gradient of each loss term of a run is at the weights of res4, with the weight
 * that the run gives it: what a term that is far below the others does there is little.
 *
 *     deno run --allow-read bench/probes/gradient_shares.ts RUN
 */
import { openDataset } from "../../datasets/registry.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { input, type Tensor } from "../../engine/graph/tensor.ts";
import { openDevice } from "../../engine/open_device.ts";
import { add, multiply, sqrt, square } from "../../engine/ops/elementwise.ts";
import { RandomSource } from "../../engine/ops/random.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import { Context } from "../../layers/context.ts";
import { loadRun } from "../../train/run/load_run.ts";
import { totalLoss } from "../../train/total_loss.ts";

const RES4 = "encoder.groups.2.";
const STEPS = 20;

const { device } = await openDevice("wasm");
const { config, model, parameters, augmentation, imageSize } = await loadRun(
  Deno.args[0],
  device,
);
const { losses, views, batchSize, seed } = config;
const instances = batchSize / views;
const images = input("images", [instances, 3, imageSize, imageSize], "u8");
const random = new RandomSource(input("key", [2], "u32"));
const outputs = model.forward(
  augmentation.train(images, views, random),
  views,
  new Context(random),
);
const { metrics } = totalLoss(outputs, losses, config.model.name);
const terms = Object.entries(losses).filter(([, { weight }]) => weight > 0);
const res4 = [...parameters.entries.keys()].flatMap((name, i) =>
  name.startsWith(RES4) ? [parameters.tensors[i]] : []
);
const norms = terms.map(([name, { weight }]): Tensor => {
  const squares = gradient(metrics[name], res4).map((g) => sum(square(g)));
  return multiply(sqrt(squares.reduce(add)), weight);
});
const program = await Program.compile(device, { outputs: norms });
const { unlabelled } = await openDataset(config.data);
const totals = terms.map(() => 0);
for (let step = 0; step < STEPS; step++) {
  const indices = Uint32Array.from(
    { length: instances },
    (_, i) => step * instances + i,
  );
  const values = await program.evaluate({
    images: await unlabelled.read(indices),
    key: new Uint32Array([seed, step]),
  });
  values.forEach(([norm], i) => totals[i] += norm / STEPS);
}
terms.forEach(([name, { weight }], i) =>
  console.log(
    `${name.padEnd(20)} weight ${weight}  ${totals[i].toPrecision(3)}`,
  )
);
device.destroy();
