import type { View } from "../graph/index_map.ts";
import type { DType } from "../graph/tensor.ts";
import type { BinaryName, UnaryName } from "../ops/elementwise_operations.ts";

export type { View };

/** Type of a value inside a kernel. */
export type ScalarType = "f32" | "i32" | "u32";

/** The element type as a kernel computes with it; bytes can only be loaded and cast. */
export function scalarType(dtype: DType): ScalarType {
  if (dtype === "u8") throw new TypeError("u8 can only be an input; cast it");
  return dtype;
}

/**
 * What a fused kernel computes for one element. Both devices lower this one tree, each in its own
 * way. Shared subtrees are shared objects.
 */
export type Expression =
  | {
    readonly kind: "load";
    readonly input: number;
    readonly dtype: DType;
    readonly view: View;
  }
  | {
    readonly kind: "constant";
    readonly value: number;
    readonly dtype: ScalarType;
  }
  | { readonly kind: "iota"; readonly view: View; readonly dtype: "i32" }
  | {
    readonly kind: "random";
    readonly stream: number;
    readonly counter: View;
    readonly seed: Expression;
    readonly step: Expression;
    readonly dtype: "f32";
  }
  | {
    readonly kind: "unary";
    readonly name: UnaryName;
    readonly argument: Expression;
    readonly dtype: ScalarType;
  }
  | {
    readonly kind: "binary";
    readonly name: BinaryName;
    readonly a: Expression;
    readonly b: Expression;
    readonly dtype: ScalarType;
  }
  | {
    readonly kind: "select";
    readonly condition: Expression;
    readonly a: Expression;
    readonly b: Expression;
    readonly dtype: ScalarType;
  }
  | {
    readonly kind: "cast";
    readonly argument: Expression;
    readonly dtype: ScalarType;
  }
  /** The result of the reduction, in the expression that follows it. */
  | { readonly kind: "reduced"; readonly dtype: ScalarType };

/** Expressions that `expression` is directly made of. */
export function children(expression: Expression): Expression[] {
  switch (expression.kind) {
    case "unary":
    case "cast":
      return [expression.argument];
    case "binary":
      return [expression.a, expression.b];
    case "select":
      return [expression.condition, expression.a, expression.b];
    case "random":
      return [expression.seed, expression.step];
    case "load":
    case "constant":
    case "iota":
    case "reduced":
      return [];
  }
}

/** All distinct subexpressions, operands before their users. */
export function inOrder(root: Expression): Expression[] {
  const order = new Set<Expression>();
  const visit = (expression: Expression) => {
    if (order.has(expression)) return;
    children(expression).forEach(visit);
    order.add(expression);
  };
  visit(root);
  return [...order];
}

/** The expression with every view replaced by `change(view)` and every input by `renumber(input)`. */
export function mapLeaves(
  root: Expression,
  change: (view: View) => View,
  renumber: (input: number) => number = (input) => input,
): Expression {
  const done = new Map<Expression, Expression>();
  const visit = (expression: Expression): Expression => {
    let result = done.get(expression);
    if (!result) {
      result = rebuild(expression);
      done.set(expression, result);
    }
    return result;
  };
  const rebuild = (expression: Expression): Expression => {
    switch (expression.kind) {
      case "load": {
        const { input, view } = expression;
        return { ...expression, input: renumber(input), view: change(view) };
      }
      case "iota":
        return { ...expression, view: change(expression.view) };
      case "random":
        return {
          ...expression,
          counter: change(expression.counter),
          seed: visit(expression.seed),
          step: visit(expression.step),
        };
      case "unary":
      case "cast":
        return { ...expression, argument: visit(expression.argument) };
      case "binary":
        return {
          ...expression,
          a: visit(expression.a),
          b: visit(expression.b),
        };
      case "select":
        return {
          ...expression,
          condition: visit(expression.condition),
          a: visit(expression.a),
          b: visit(expression.b),
        };
      case "constant":
      case "reduced":
        return expression;
    }
  };
  return visit(root);
}

/** Every view of an expression. */
export function viewsOf(root: Expression): View[] {
  return inOrder(root).flatMap((expression): View[] => {
    switch (expression.kind) {
      case "load":
      case "iota":
        return [expression.view];
      case "random":
        return [expression.counter];
      case "constant":
      case "unary":
      case "binary":
      case "select":
      case "cast":
      case "reduced":
        return [];
    }
  });
}
