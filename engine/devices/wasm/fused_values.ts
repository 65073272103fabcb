import {
  children,
  type Expression,
  inOrder,
  type ScalarType,
  type View,
} from "../../compile/expression.ts";
import type { BinaryName } from "../../ops/elementwise.ts";
import type { FunctionBody, SimdInstruction } from "./assembler.ts";
import {
  emitErf,
  emitExp,
  emitLog,
  emitTanh,
  emitUniform,
} from "./vector_math.ts";

/** Neighbours along the vector's loop that are computed at once: four in a vector, or a single one. */
export interface Slice {
  readonly lanes: 1 | 4;
  /** Elements from where the pointers are to its first one. */
  readonly first: number;
}

/** One element, where a loop's length leaves some over. */
export const single: readonly Slice[] = [{ lanes: 1, first: 0 }];

/** So many vectors side by side, so that one need not wait for the other. */
export function vectors(count: number): readonly Slice[] {
  return Array.from({ length: count }, (_, i) => ({ lanes: 4, first: 4 * i }));
}

/** Local that holds the value of each subexpression. */
export type Values = ReadonlyMap<Expression, number>;

/** A view with the local that follows it: a byte address, or for positions an element number. */
export interface Pointer {
  readonly view: View;
  /** Parameter that holds the address where the view's positions begin; absent for positions. */
  readonly base?: number;
  readonly bytes: number;
  readonly local: number;
}

/** The loops of a fused kernel, as those who follow views through them need to know them. */
export interface Loops {
  /** Local that counts each loop. */
  readonly counters: readonly number[];
  /** The loop whose neighbours share a vector. */
  readonly vector: number;
  /** The innermost loop, through which pointers are moved and not computed. */
  readonly step: number;
  /** Elements of a view between neighbours of a loop. */
  stride(view: View, loop: number): number;
}

/** Writes what a fused kernel computes from slices of elements; which loops go around it is not its business. */
export class ValueWriter {
  readonly #body: FunctionBody;
  readonly #loops: Loops;
  readonly #pointers = new Map<string, Pointer>();

  /** Writes into `body`. */
  constructor(body: FunctionBody, loops: Loops) {
    this.#body = body;
    this.#loops = loops;
  }

  /** Points at the element of `view` that the counters of `loops` name. */
  aimAt(
    view: View,
    loops: readonly number[],
    base: number | undefined,
    bytes: number,
  ): Pointer {
    const key = JSON.stringify([view, base, bytes]);
    let pointer = this.#pointers.get(key);
    if (!pointer) {
      pointer = { view, base, bytes, local: this.#body.local("i32") };
      this.#pointers.set(key, pointer);
    }
    if (base === undefined) this.#body.i32(view.offset);
    else this.#body.get(base).i32(view.offset * bytes).op("i32.add");
    for (const loop of loops) {
      const step = this.#loops.stride(view, loop) * bytes;
      if (step !== 0) {
        this.#body.get(this.#loops.counters[loop]).i32(step).op("i32.mul").op(
          "i32.add",
        );
      }
    }
    this.#body.set(pointer.local);
    return pointer;
  }

  #pointerOf(expression: Expression): Pointer | undefined {
    const { view, base, bytes } = place(expression) ?? {};
    return view && this.#pointers.get(JSON.stringify([view, base, bytes]));
  }

  /** Points at everything that the expressions read, at the element that the counters of `loops` name. */
  aim(roots: readonly Expression[], loops: readonly number[]): void {
    const aimed = new Set<string>();
    for (const expression of roots.flatMap(inOrder)) {
      const found = place(expression);
      if (!found || aimed.has(JSON.stringify(found))) continue;
      aimed.add(JSON.stringify(found));
      this.aimAt(found.view, loops, found.base, found.bytes);
    }
  }

  /** Moves all pointers of the expressions by `steps` iterations of the innermost loop. */
  advance(roots: readonly Expression[], steps: number): void {
    const pointers = new Set(
      roots.flatMap(inOrder).map((expression) => this.#pointerOf(expression)),
    );
    for (const pointer of pointers) {
      if (pointer) this.movePointer(pointer, steps);
    }
  }

  /** Moves one pointer by `steps` iterations of the innermost loop. */
  movePointer(pointer: Pointer, steps: number): void {
    const step = this.#loops.stride(pointer.view, this.#loops.step) *
      pointer.bytes *
      steps;
    if (step !== 0) this.#body.increase(pointer.local, step);
  }

  // Values

  /** Computes what does not change in the innermost loop, for each slice. */
  emitFixed(root: Expression, slices: readonly Slice[]): Values[] {
    const fixed = this.#unchanging(inOrder(root), this.#loops.step);
    return this.#emitSlices(fixed, slices, slices.map(() => new Map()));
  }

  /** Computes an expression for each slice, given values that are known; returns the locals that hold it. */
  emit(
    root: Expression,
    slices: readonly Slice[],
    known: readonly Values[],
  ): number[] {
    return this.#emitSlices(inOrder(root), slices, known)
      .map((values) => values.get(root)!);
  }

  #emitSlices(
    expressions: readonly Expression[],
    slices: readonly Slice[],
    known: readonly Values[],
  ): Values[] {
    const same = new Set(this.#unchanging(expressions, this.#loops.vector));
    const first = new Map(known[0]);
    return slices.map((slice, i) => {
      const values = i === 0 ? first : new Map(known[i]);
      for (const expression of expressions) {
        if (values.has(expression)) continue;
        values.set(
          expression,
          i > 0 && same.has(expression)
            ? first.get(expression)!
            : this.#hold(expression, slice, values),
        );
      }
      return values;
    });
  }

  /** Those expressions, given operands first, whose values are the same all along a loop. */
  #unchanging(
    expressions: readonly Expression[],
    loop: number,
  ): Expression[] {
    const changing = new Set<Expression>();
    for (const expression of expressions) {
      const view = place(expression)?.view;
      if (
        expression.kind === "reduced" ||
        (view && this.#loops.stride(view, loop) !== 0) ||
        children(expression).some((child) => changing.has(child))
      ) changing.add(expression);
    }
    return expressions.filter((expression) => !changing.has(expression));
  }

  #hold(expression: Expression, slice: Slice, values: Values): number {
    this.#push(expression, slice, (child) => values.get(child)!);
    const local = this.#body.local("v128");
    this.#body.set(local);
    return local;
  }

  #push(
    expression: Expression,
    slice: Slice,
    value: (child: Expression) => number,
  ): void {
    const body = this.#body;
    switch (expression.kind) {
      case "load":
        return this.#pushLoad(
          this.#pointerOf(expression)!,
          expression.dtype === "u8",
          slice,
        );
      case "constant":
        if (expression.dtype === "f32") body.splatFloat(expression.value);
        else body.splatBits(expression.value);
        return;
      case "iota":
        return this.#pushPositions(this.#pointerOf(expression)!, slice);
      case "random": {
        this.#pushPositions(this.#pointerOf(expression)!, slice);
        const counter = body.local("v128");
        body.set(counter);
        return emitUniform(
          body,
          counter,
          value(expression.step),
          value(expression.seed),
          expression.stream,
        );
      }
      case "unary": {
        const x = value(expression.argument);
        switch (expression.name) {
          case "exp":
            return emitExp(body, x);
          case "log":
            return emitLog(body, x);
          case "tanh":
            return emitTanh(body, x);
          case "erf":
            return emitErf(body, x);
          case "isFinite":
            // finite: the exponent is not all ones; the mask becomes the number 1
            body.get(x).splatBits(0x7f800000).simd("v128.and")
              .splatBits(0x7f800000).simd("i32x4.lt_s")
              .splatFloat(1).simd("v128.and");
            return;
          default:
            body.get(x).simd(
              unaryInstruction(expression.name, expression.dtype),
            );
            return;
        }
      }
      case "binary":
        return this.#pushBinary(expression, value);
      case "select":
        body.get(value(expression.a)).get(value(expression.b));
        body.get(value(expression.condition)).splatBits(0);
        if (expression.condition.dtype === "f32") body.simd("f32x4.ne");
        else body.simd("i32x4.eq").simd("v128.not");
        body.simd("v128.bitselect");
        return;
      case "cast":
        body.get(value(expression.argument));
        return this.#pushCast(expression.argument.dtype, expression.dtype);
      case "reduced":
        throw new Error("the reduced value has no instruction");
    }
  }

  #pushBinary(
    { name, dtype, a, b }: Extract<Expression, { kind: "binary" }>,
    value: (child: Expression) => number,
  ): void {
    const bounds = { maximum: "f32x4.pmax", minimum: "f32x4.pmin" } as const;
    if (
      (name === "maximum" || name === "minimum") && dtype === "f32" &&
      (a.kind === "constant" || b.kind === "constant")
    ) {
      // one machine instruction and not seven; lets a NaN through that is its first operand
      const [x, bound] = a.kind === "constant" ? [b, a] : [a, b];
      this.#body.get(value(x)).get(value(bound)).simd(bounds[name]);
      return;
    }
    this.#body.get(value(a)).get(value(b)).simd(arithmetic(name, dtype));
    if (name !== "less" && name !== "equal") return;
    // a mask of all ones becomes the number 1
    if (dtype === "f32") this.#body.splatFloat(1);
    else this.#body.splatBits(1);
    this.#body.simd("v128.and");
  }

  #pushCast(from: string, to: ScalarType): void {
    if (from === "f32" && to !== "f32") {
      this.#body.simd(
        to === "i32" ? "i32x4.trunc_sat_f32x4_s" : "i32x4.trunc_sat_f32x4_u",
      );
    } else if (from !== "f32" && to === "f32") {
      this.#body.simd(
        from === "u32" ? "f32x4.convert_i32x4_u" : "f32x4.convert_i32x4_s",
      );
    }
  }

  #pushPositions(pointer: Pointer, { first }: Slice): void {
    const stride = this.#loops.stride(pointer.view, this.#loops.vector);
    this.#body.get(pointer.local).simd("i32x4.splat");
    if (stride !== 0) {
      const lanes = [0, 1, 2, 3].map((lane) => (first + lane) * stride);
      this.#body.vectorOf(lanes).simd("i32x4.add");
    }
  }

  /** Pushes the address of an element and returns the offset to be added by the instruction that uses it. */
  #at(pointer: Pointer, element: number): number {
    const offset = element * pointer.bytes *
      this.#loops.stride(pointer.view, this.#loops.vector);
    this.#body.get(pointer.local);
    if (offset >= 0) return offset;
    this.#body.i32(offset).op("i32.add");
    return 0;
  }

  #pushLoad(
    pointer: Pointer,
    isByte: boolean,
    { lanes, first }: Slice,
  ): void {
    const body = this.#body;
    const stride = this.#loops.stride(pointer.view, this.#loops.vector);
    if (lanes === 1 || stride === 0) {
      const offset = this.#at(pointer, first);
      if (isByte) body.loadByte(offset).simd("i32x4.splat");
      else body.loadSplat(offset);
      return;
    }
    if (stride === 1) {
      const offset = this.#at(pointer, first);
      if (isByte) {
        body.loadSplat(offset).simd("i16x8.extend_low_i8x16_u").simd(
          "i32x4.extend_low_i16x8_u",
        );
      } else body.loadVector(offset);
      return;
    }
    const start = this.#at(pointer, first);
    if (isByte) body.loadByte(start).simd("i32x4.splat");
    else body.loadSplat(start);
    const gathered = body.local("v128");
    body.set(gathered);
    for (const lane of [1, 2, 3]) {
      if (isByte) {
        body.get(gathered);
        body.loadByte(this.#at(pointer, first + lane)).replaceLane(lane);
      } else {
        const offset = this.#at(pointer, first + lane);
        body.get(gathered).loadLane(lane, offset);
      }
      body.set(gathered);
    }
    body.get(gathered);
  }

  /** Stores the value of a slice. */
  store(pointer: Pointer, value: number, { lanes, first }: Slice): void {
    const stride = this.#loops.stride(pointer.view, this.#loops.vector);
    if (lanes === 4 && stride === 1) {
      const offset = this.#at(pointer, first);
      this.#body.get(value).storeVector(offset);
      return;
    }
    for (let lane = 0; lane < lanes; lane++) {
      const offset = this.#at(pointer, first + lane);
      this.#body.get(value).storeLane(lane, offset);
    }
  }
}

/** Where a leaf expression reads: parameter 1 is the address of input 0. */
function place(
  expression: Expression,
):
  | { readonly view: View; readonly base?: number; readonly bytes: number }
  | undefined {
  switch (expression.kind) {
    case "load": {
      const bytes = expression.dtype === "u8" ? 1 : 4;
      return { view: expression.view, base: 1 + expression.input, bytes };
    }
    case "iota":
      return { view: expression.view, base: undefined, bytes: 1 };
    case "random":
      return { view: expression.counter, base: undefined, bytes: 1 };
    default:
      return undefined;
  }
}

function unaryInstruction(name: string, dtype: ScalarType): SimdInstruction {
  const float: Record<string, SimdInstruction> = {
    negate: "f32x4.neg",
    sqrt: "f32x4.sqrt",
    abs: "f32x4.abs",
    floor: "f32x4.floor",
  };
  const integer: Record<string, SimdInstruction> = {
    negate: "i32x4.neg",
    abs: "i32x4.abs",
  };
  return (dtype === "f32" ? float : integer)[name];
}

/** The instruction of an elementwise function of two arguments. */
export function arithmetic(
  name: BinaryName,
  dtype: ScalarType,
): SimdInstruction {
  const float: Record<BinaryName, SimdInstruction> = {
    add: "f32x4.add",
    subtract: "f32x4.sub",
    multiply: "f32x4.mul",
    divide: "f32x4.div",
    maximum: "f32x4.max",
    minimum: "f32x4.min",
    less: "f32x4.lt",
    equal: "f32x4.eq",
  };
  if (dtype === "f32") return float[name];
  const signed = dtype === "i32";
  const integer: Partial<Record<BinaryName, SimdInstruction>> = {
    add: "i32x4.add",
    subtract: "i32x4.sub",
    multiply: "i32x4.mul",
    maximum: signed ? "i32x4.max_s" : "i32x4.max_u",
    minimum: signed ? "i32x4.min_s" : "i32x4.min_u",
    less: signed ? "i32x4.lt_s" : "i32x4.lt_u",
    equal: "i32x4.eq",
  };
  const instruction = integer[name];
  if (!instruction) throw new TypeError(`${name} is not defined for ${dtype}`);
  return instruction;
}
