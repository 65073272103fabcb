import {
  children,
  type Expression,
  inOrder,
} from "../../compile/expression.ts";
import type { FunctionBody } from "./assembler.ts";
import {
  accessOf,
  type LoopNest,
  type Pointer,
  type PointerWriter,
} from "./fused_pointers.ts";
import {
  binaryEmitter,
  boundEmitter,
  castEmitter,
  unaryEmitter,
} from "./instructions.ts";
import { emitUniform } from "./vector_math.ts";

/** Neighbours along the vector loop that are computed together: four, or a single one in lane 0. */
export interface Lanes {
  readonly count: 1 | 4;
  /** Elements from the pointers to the first one. */
  readonly offset: number;
}

/** One element, where four do not divide the length of a loop. */
export const scalar: readonly Lanes[] = [{ count: 1, offset: 0 }];

/** As many vectors as given side by side: independent instructions hide each other's latency. */
export function unrolled(vectors: number): readonly Lanes[] {
  return Array.from(
    { length: vectors },
    (_, i) => ({ count: 4, offset: 4 * i }),
  );
}

/** Local that holds the value of each expression computed so far. */
export type Values = ReadonlyMap<Expression, number>;

/** Writes the instructions that compute expressions, vector by vector, into locals. */
export class ValueWriter {
  readonly #body: FunctionBody;
  readonly #nest: LoopNest;
  readonly #pointers: PointerWriter;

  /** Writes into `body`; `pointers` must point at what the expressions read. */
  constructor(body: FunctionBody, nest: LoopNest, pointers: PointerWriter) {
    this.#body = body;
    this.#nest = nest;
    this.#pointers = pointers;
  }

  /** Computes the invariants of the innermost loop, for each vector. */
  emitInvariants(root: Expression, vectors: readonly Lanes[]): Values[] {
    const invariants = this.#invariants(
      inOrder(root),
      this.#nest.innermostLoop,
    );
    return this.#emitAll(invariants, vectors, vectors.map(() => new Map()));
  }

  /** Computes `root` for each vector, given values computed before; returns the locals that hold it. */
  emit(
    root: Expression,
    vectors: readonly Lanes[],
    computed: readonly Values[],
  ): number[] {
    return this.#emitAll(inOrder(root), vectors, computed)
      .map((values) => valueOf(values, root));
  }

  /** Stores the lanes of the vector in local `value`. */
  store(pointer: Pointer, value: number, { count, offset }: Lanes): void {
    if (count === 4 && this.#stride(pointer) === 1) {
      const immediate = this.#address(pointer, offset);
      this.#body.get(value).storeVector(immediate);
      return;
    }
    for (let lane = 0; lane < count; lane++) {
      const immediate = this.#address(pointer, offset + lane);
      this.#body.get(value).storeLane(lane, immediate);
    }
  }

  #emitAll(
    expressions: readonly Expression[],
    vectors: readonly Lanes[],
    computed: readonly Values[],
  ): Values[] {
    // what does not change along the vector loop is the same for all vectors
    const common = new Set(
      this.#invariants(expressions, this.#nest.vectorLoop),
    );
    const first = new Map(computed[0]);
    return vectors.map((lanes, i) => {
      const values = i === 0 ? first : new Map(computed[i]);
      for (const expression of expressions) {
        if (values.has(expression)) continue;
        const local = i > 0 && common.has(expression)
          ? valueOf(first, expression)
          : this.#emitOne(expression, lanes, values);
        values.set(expression, local);
      }
      return values;
    });
  }

  /** Those of `expressions`, operands before their users, whose values do not change along `loop`. */
  #invariants(
    expressions: readonly Expression[],
    loop: number,
  ): Expression[] {
    const changing = new Set<Expression>();
    for (const expression of expressions) {
      const view = accessOf(expression)?.view;
      if (
        expression.kind === "reduced" ||
        (view && this.#nest.stride(view, loop) !== 0) ||
        children(expression).some((child) => changing.has(child))
      ) changing.add(expression);
    }
    return expressions.filter((expression) => !changing.has(expression));
  }

  /** Computes one expression from the values of its operands, into a new local. */
  #emitOne(expression: Expression, lanes: Lanes, values: Values): number {
    const operands = children(expression).map((child) =>
      valueOf(values, child)
    );
    this.#push(expression, operands, lanes);
    return this.#toLocal();
  }

  #push(
    expression: Expression,
    operands: readonly number[],
    lanes: Lanes,
  ): void {
    const body = this.#body;
    switch (expression.kind) {
      case "load":
        return this.#pushLoad(
          this.#pointers.pointerOf(expression),
          expression.dtype === "u8",
          lanes,
        );
      case "constant":
        if (expression.dtype === "f32") body.splatFloat(expression.value);
        else body.splatBits(expression.value);
        return;
      case "iota":
        return this.#pushPositions(expression, lanes);
      case "random": {
        this.#pushPositions(expression, lanes);
        const counter = this.#toLocal();
        const [seed, step] = operands;
        return emitUniform(body, counter, step, seed, expression.stream);
      }
      case "unary":
        return unaryEmitter(expression.name, expression.dtype)(
          body,
          ...operands,
        );
      case "binary":
        return this.#pushBinary(expression, operands);
      case "select": {
        const [condition, a, b] = operands;
        body.get(a).get(b).get(condition).splatBits(0);
        if (expression.condition.dtype === "f32") body.op("f32x4.ne");
        else body.op("i32x4.eq").op("v128.not");
        body.op("v128.bitselect");
        return;
      }
      case "cast": {
        const { dtype } = expression.argument;
        // bytes fit either type, and processors convert i32 faster
        const from = dtype === "u8" ? "i32" : dtype;
        return castEmitter(from, expression.dtype)(body, ...operands);
      }
      case "reduced":
        throw new Error("the reduced value has no instruction");
    }
  }

  #pushBinary(
    { name, dtype, a, b }: Extract<Expression, { kind: "binary" }>,
    [x, y]: readonly number[],
  ): void {
    const isBound = dtype === "f32" &&
      (a.kind === "constant" || b.kind === "constant");
    if (isBound && (name === "maximum" || name === "minimum")) {
      const emit = boundEmitter(name);
      return a.kind === "constant"
        ? emit(this.#body, y, x)
        : emit(this.#body, x, y);
    }
    binaryEmitter(name, dtype)(this.#body, x, y);
  }

  /** Pushes the positions that `iota` or `random` has in the lanes. */
  #pushPositions(expression: Expression, { offset }: Lanes): void {
    const pointer = this.#pointers.pointerOf(expression);
    const stride = this.#stride(pointer);
    this.#body.get(pointer.local).op("i32x4.splat");
    if (stride !== 0) {
      const steps = [0, 1, 2, 3].map((lane) => (offset + lane) * stride);
      this.#body.vectorOf(steps).op("i32x4.add");
    }
  }

  #pushLoad(pointer: Pointer, isByte: boolean, { count, offset }: Lanes): void {
    const body = this.#body;
    const stride = this.#stride(pointer);
    const first = this.#address(pointer, offset);
    if (count === 4 && stride === 1) {
      if (!isByte) body.loadVector(first);
      else {
        body.loadSplat(first).op("i16x8.extend_low_i8x16_u")
          .op("i32x4.extend_low_i16x8_u");
      }
      return;
    }
    if (isByte) body.loadByte(first).op("i32x4.splat");
    else body.loadSplat(first);
    if (count === 1 || stride === 0) return;
    const gathered = this.#toLocal();
    for (const lane of [1, 2, 3]) {
      if (isByte) {
        body.get(gathered);
        body.loadByte(this.#address(pointer, offset + lane)).replaceLane(lane);
      } else {
        const immediate = this.#address(pointer, offset + lane);
        body.get(gathered).loadLane(lane, immediate);
      }
      body.set(gathered);
    }
    body.get(gathered);
  }

  /** Pushes the address of an element, less what it returns: the immediate offset of its load or store. */
  #address(pointer: Pointer, element: number): number {
    const offset = element * pointer.bytes * this.#stride(pointer);
    this.#body.get(pointer.local);
    // beyond all memory are only lanes that never run: an axis of that stride is too short for them
    if (offset >= 0 && offset < 2 ** 32) return offset;
    this.#body.i32(offset).op("i32.add");
    return 0;
  }

  #stride({ view }: Pointer): number {
    return this.#nest.stride(view, this.#nest.vectorLoop);
  }

  /** Moves the vector on the stack into a new local. */
  #toLocal(): number {
    const local = this.#body.local("v128");
    this.#body.set(local);
    return local;
  }
}

function valueOf(values: Values, expression: Expression): number {
  const local = values.get(expression);
  if (local === undefined) {
    throw new Error(`${expression.kind} is used before it is computed`);
  }
  return local;
}
