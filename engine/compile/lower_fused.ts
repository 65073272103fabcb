import type { ElementSite } from "../graph/definition.ts";
import {
  fixedView,
  flatten,
  identityMap,
  type IndexMap,
  type View,
} from "../graph/index_map.ts";
import { definitionOf } from "../graph/operations.ts";
import { rowMajorStrides, type Tensor } from "../graph/tensor.ts";
import { collapseLoops } from "./collapse_loops.ts";
import { type Expression, scalarType } from "./expression.ts";
import type { Fusion } from "./fusion.ts";
import type { FusedKernel, Lowered } from "./kernel.ts";

/**
 * The kernel that computes `node`, an elementwise value or a reduction, into `output` (row-major by
 * default): lazy nodes become part of its expression, stored ones are loaded.
 *
 * @param reduction the reduction that `node` is, or the epilogue of
 */
export function lowerFused(
  node: Tensor,
  fusion: Fusion,
  reduction: Tensor | undefined,
  output: View = { offset: 0, strides: rowMajorStrides(node.shape) },
): Lowered<FusedKernel> {
  const reduced = reduction && reductionOf(reduction);
  const reducedAxes = reduced?.axes ?? [];
  const kept = node.shape.length;
  const loops = kept + reducedAxes.length;
  const expressions = new ExpressionBuilder(node, fusion, reduction, loops);
  const epilogue = expressions.build(node, identityMap(kept, loops));
  const dtype = scalarType(node.dtype);
  const view = {
    ...output,
    strides: [...output.strides, ...reducedAxes.map(() => 0)],
  };
  const common = { kind: "fused", kept, output: view, dtype } as const;
  if (!reduced) {
    const kernel = collapseLoops({
      ...common,
      loops: node.shape,
      body: epilogue,
      epilogue: { kind: "reduced", dtype },
    });
    return { kernel, reads: expressions.reads };
  }
  const { x, name } = reduced;
  // kept axes are read as the epilogue reads the reduction, reduced ones by loops of their own
  const innermost = identityMap(loops).slice(kept);
  const bodyMap = x.shape.map((_, axis) =>
    reducedAxes.includes(axis)
      ? innermost[reducedAxes.indexOf(axis)]
      : expressions.reductionMap[axis]
  );
  const kernel = collapseLoops({
    ...common,
    loops: [...node.shape, ...reducedAxes.map((axis) => x.shape[axis])],
    reduction: name,
    body: expressions.build(x, bodyMap),
    epilogue,
  });
  return { kernel, reads: expressions.reads };
}

function reductionOf({ operation, inputs: [x] }: Tensor) {
  if (operation.kind !== "reduce") {
    throw new TypeError(`${operation.kind} is not a reduction`);
  }
  return { x, name: operation.name, axes: operation.axes };
}

/** Where a movement reads its input: the map of the input, given that of the node. */
export function inputMap(
  node: Tensor,
  map: IndexMap,
  loops: number,
): IndexMap {
  const definition = definitionOf(node.operation);
  const result = definition.role === "movement"
    ? definition.inputMap(node, node.operation, map, loops)
    : undefined;
  if (!result) {
    throw new TypeError(
      `${node.operation.kind} to [${node.shape}] cannot be read by strides`,
    );
  }
  return result;
}

/** Builds the expressions of one kernel; equal ones are shared. */
class ExpressionBuilder {
  /** The stored nodes that the kernel loads from, in the order of its inputs. */
  readonly reads: Tensor[] = [];
  /** Where the epilogue reads the result of the reduction. */
  reductionMap: IndexMap = [];
  readonly #node: Tensor;
  readonly #fusion: Fusion;
  readonly #reduction: Tensor | undefined;
  readonly #loops: number;
  readonly #built = new Map<string, Expression>();

  constructor(
    node: Tensor,
    fusion: Fusion,
    reduction: Tensor | undefined,
    loops: number,
  ) {
    this.#node = node;
    this.#fusion = fusion;
    this.#reduction = reduction;
    this.#loops = loops;
  }

  /** The element of `value` at the position that `map` gives. */
  build(value: Tensor, map: IndexMap): Expression {
    const key = `${value.id} ${JSON.stringify(map)}`;
    let expression = this.#built.get(key);
    if (!expression) {
      expression = this.#compose(value, map);
      this.#built.set(key, expression);
    }
    return expression;
  }

  #compose(value: Tensor, map: IndexMap): Expression {
    const { operation, inputs, dtype, shape } = value;
    if (value === this.#reduction) {
      this.reductionMap = map;
      return { kind: "reduced", dtype: scalarType(dtype) };
    }
    const position = flatten(map, shape, this.#loops);
    if (value !== this.#node && this.#fusion.isStored(value)) {
      return this.#load(value, position);
    }
    const definition = definitionOf(operation);
    switch (definition.role) {
      case "generator": {
        const site: ElementSite = {
          axes: map,
          position,
          load: (input, index) =>
            this.#load(inputs[input], fixedView(index, this.#loops)),
        };
        return definition.expression(operation, site);
      }
      case "elementwise": {
        const elements = inputs.map((input) => this.build(input, map));
        return definition.expression(operation, elements, scalarType(dtype));
      }
      case "movement":
        return this.build(inputs[0], inputMap(value, map, this.#loops));
      case "source":
      case "reduction":
      case "assembly":
      case "kernel":
      case "barrier":
      case "identity":
        throw new TypeError(`${operation.kind} is not computed in kernels`);
    }
  }

  #load(value: Tensor, view: View): Expression {
    if (!this.reads.includes(value)) this.reads.push(value);
    const input = this.reads.indexOf(value);
    return { kind: "load", input, dtype: value.dtype, view };
  }
}
