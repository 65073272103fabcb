import type { HostArray } from "../../engine/devices/device.ts";
import type { Assignment } from "../../engine/compile/schedule.ts";
import type { Storage, Tensor } from "../../engine/graph/tensor.ts";
import { add, multiply } from "../../engine/ops/elementwise.ts";
import { reshape } from "../../engine/ops/movement.ts";
import { sum } from "../../engine/ops/reduction.ts";
import type { Draw } from "../fuzz/draw.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { allSteps, type Step } from "./random_steps.ts";

/** A graph with what a program of it needs. */
export interface RandomGraph {
  readonly outputs: readonly Tensor[];
  /** One number that depends on an output. */
  readonly loss: Tensor;
  /** What the loss may depend on. */
  readonly variables: readonly Tensor[];
  /** Values of the inputs. */
  readonly feeds: Readonly<Record<string, HostArray>>;
  /** Storages that the graph reads, with their first content. */
  readonly storages: readonly Storage[];
  /** New content of some of the storages. */
  readonly assignments: readonly Assignment[];
}

/** What a graph is made of. */
export interface RandomGraphOptions {
  /** Every operation by default. */
  readonly steps?: readonly Step[];
  /** Whether tensors may have thousands of elements instead of hundreds. */
  readonly large?: boolean;
}

/** A graph of `size` values, each made by a random step. */
export function randomGraph(
  draw: Draw,
  size: number,
  { steps = allSteps, large = false }: RandomGraphOptions = {},
): RandomGraph {
  const builder = new GraphBuilder(draw, large);
  const { nodes, feeds, variables, storages } = builder;
  nodes.push(
    builder.variable(builder.shape(1 + draw.below(4))),
    builder.variable(builder.shape(1 + draw.below(4))),
  );
  while (nodes.length < size) {
    const x = builder.pick();
    const vector = x.shape.length > 0 ? x : reshape(x, [1]);
    builder.push(draw.of(steps)(vector, builder));
  }
  const last = nodes[nodes.length - 1];
  const weights = builder.variable(last.shape);
  const loss = sum(multiply(last, add(weights, 0.5)));
  const assignments = storages
    .filter(() => draw.oneIn(2))
    .map((storage) => ({
      storage,
      value: builder.fit(builder.pick(), [storage.size]),
    }));
  const outputs = [last, draw.of(nodes.slice(2))];
  return { outputs, loss, variables, feeds, storages, assignments };
}
