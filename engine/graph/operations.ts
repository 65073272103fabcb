/**
 * Every operation of the engine. To add an elementwise function of one or two arguments:
 *
 * 1. `engine/ops/elementwise.ts`: its name, a line in the table (cost, derivative), the public function;
 * 2. `engine/devices/wasm/fused_values.ts` and `engine/devices/webgpu/expression.ts`: its instructions.
 *
 * To add an operation with a kernel of its own:
 *
 * 1. `engine/ops/`: the operation's type, definition (shape rule, role, gradient) and public function,
 *    in the file of its family; a new family adds two lines here;
 * 2. `engine/compile/kernel.ts` and `engine/compile/device_operations.ts`: what a device is given to do,
 *    and how much work that is;
 * 3. `engine/devices/wasm/calls.ts`, `engine/devices/webgpu/lower.ts`, and the kernels.
 *
 * Either way a line in `tests/engine/reference.ts` gives the tests its float64 reference. The compiler
 * refuses what is left out.
 *
 * @module
 */

import { collective, type CollectiveOperation } from "../ops/collective.ts";
import { contraction, type ContractionOperation } from "../ops/contraction.ts";
import { elementwise, type ElementwiseOperation } from "../ops/elementwise.ts";
import { indexing, type IndexingOperation } from "../ops/indexing.ts";
import { type LeafOperation, leaves } from "../ops/leaves.ts";
import { movement, type MovementOperation } from "../ops/movement.ts";
import { randomness, type RandomOperation } from "../ops/random.ts";
import { type ReduceOperation, reduction } from "../ops/reduction.ts";
import type { Definition, Definitions, Role } from "./definition.ts";

/** What makes a tensor from its inputs: the whole instruction set of the engine. */
export type Operation =
  | LeafOperation
  | ElementwiseOperation
  | MovementOperation
  | ReduceOperation
  | ContractionOperation
  | IndexingOperation
  | RandomOperation
  | CollectiveOperation;

/** The definition of each kind of operation. */
export const definitions = {
  ...leaves,
  ...elementwise,
  ...movement,
  ...reduction,
  ...contraction,
  ...indexing,
  ...randomness,
  ...collective,
} satisfies Definitions<Operation>;

/** The kinds of operation that have a certain role. */
export type KindOf<Wanted extends Role> = {
  [Kind in Operation["kind"]]: (typeof definitions)[Kind]["role"] extends Wanted
    ? Kind
    : never;
}[Operation["kind"]];

const table: Readonly<Record<Operation["kind"], Definition<Operation>>> =
  definitions;

/** The definition of an operation. */
export function definitionOf({ kind }: Operation): Definition<Operation> {
  return table[kind];
}
