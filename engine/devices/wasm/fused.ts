import {
  children,
  type Expression,
  inOrder,
  type ScalarType,
  type View,
} from "../../expression.ts";
import type { FusedKernel } from "../../kernel.ts";
import type { BinaryName } from "../../tensor.ts";
import { FunctionBody, type SimdInstruction } from "./encoder.ts";
import {
  emitErf,
  emitExp,
  emitLog,
  emitTanh,
  emitUniform,
} from "./vector_math.ts";

/**
 * Generates a function for a fused kernel, four elements at a time. One loop is the vector's:
 *  - a map: the last kept loop;
 *  - a reduction whose kept elements lie side by side ("columns"): the last kept loop; each vector
 *    of results runs through all reduced loops;
 *  - any other reduction ("rows"): the last reduced loop, and the four sums are added at the end.
 * What is left over of a vector's loop is done by the same code with only its first lane used.
 *
 * Parameters of the function: addresses of the output and of each input, then the rows (all kept
 * loops but the vector's, counted as one) and the columns (of the vector's loop, if it is a kept
 * one) that it works on: rowStart, rowEnd, columnStart, columnEnd.
 */
export function writeFused(kernel: FusedKernel, inputs: number): FunctionBody {
  return new FusedWriter(kernel, inputs).write();
}

/** How the work of a fused kernel can be shared. */
export interface FusedShape {
  readonly rows: number;
  readonly columns: number;
}

/** Rows and columns of a kernel, as its function counts them. */
export function fusedShape(kernel: FusedKernel): FusedShape {
  const { loops, kept } = withKeptLoop(kernel);
  const rowLoops = loops.slice(0, vectorIsKept(kernel) ? kept - 1 : kept);
  const rows = rowLoops.reduce((product, size) => product * size, 1);
  return { rows, columns: vectorIsKept(kernel) ? loops[kept - 1] : 1 };
}

/** A kernel without kept loops gets one of a single iteration, so that each has a result loop. */
function withKeptLoop(
  kernel: FusedKernel,
): { readonly loops: readonly number[]; readonly kept: number } {
  return kernel.kept > 0 ? kernel : { loops: [1, ...kernel.loops], kept: 1 };
}

function vectorIsKept(kernel: FusedKernel): boolean {
  if (!kernel.reduction) return true;
  if (kernel.kept === 0) return false;
  const loads = inOrder(kernel.body).filter((expression) =>
    expression.kind === "load"
  );
  const contiguousAlong = (loop: number) =>
    loads.some(({ view }) => view.strides[loop] === 1);
  return contiguousAlong(kernel.kept - 1) &&
    !contiguousAlong(kernel.loops.length - 1);
}

type Lanes = 1 | 4;

/** A view with the local that follows it: a byte address, or for positions an element number. */
interface Pointer {
  readonly view: View;
  /** Parameter that holds the address where the view's positions begin; absent for positions. */
  readonly base?: number;
  readonly bytes: number;
  readonly local: number;
}

class FusedWriter {
  readonly #kernel: FusedKernel;
  readonly #body: FunctionBody;
  readonly #loops: readonly number[];
  readonly #kept: number;
  readonly #vectorLoop: number;
  /** The innermost loop, through which pointers are moved and not computed. */
  readonly #stepLoop: number;
  readonly #rowStart: number;
  readonly #counters: number[];
  readonly #pointers = new Map<string, Pointer>();

  constructor(kernel: FusedKernel, inputs: number) {
    this.#kernel = kernel;
    this.#rowStart = 1 + inputs;
    this.#body = new FunctionBody(this.#rowStart + 4);
    const { loops, kept } = withKeptLoop(kernel);
    this.#loops = loops;
    this.#kept = kept;
    this.#vectorLoop = vectorIsKept(kernel) ? kept - 1 : loops.length - 1;
    this.#stepLoop = loops.length - 1;
    this.#counters = loops.map(() => this.#body.local("i32"));
  }

  write(): FunctionBody {
    const row = this.#body.local("i32");
    const rowLoops = this.#loops.slice(0, this.#kept).map((_, loop) => loop)
      .filter((loop) => loop !== this.#vectorLoop);
    this.#body.get(this.#rowStart).set(row);
    this.#body.whileBelow(row, () => this.#body.get(this.#rowStart + 1), () => {
      this.#setRowCounters(row, rowLoops);
      if (!this.#kernel.reduction) this.#writeMap();
      else if (this.#vectorLoop < this.#kept) this.#writeColumns();
      else this.#writeRowReduction();
      this.#body.increase(row, 1);
    });
    return this.#body;
  }

  /** Splits the row number into one counter per loop. */
  #setRowCounters(row: number, rowLoops: readonly number[]): void {
    let divisor = 1;
    for (const loop of [...rowLoops].reverse()) {
      this.#body.get(row).i32(divisor).op("i32.div_u").i32(this.#loops[loop])
        .op("i32.rem_u")
        .set(this.#counters[loop]);
      divisor *= this.#loops[loop];
    }
  }

  #writeMap(): void {
    const [columnStart, columnEnd] = [this.#rowStart + 2, this.#rowStart + 3];
    const column = this.#counters[this.#vectorLoop];
    this.#body.get(columnStart).set(column);
    this.#aim([this.#kernel.body], this.#loops.map((_, loop) => loop));
    const output = this.#aimAt(
      this.#kernel.output,
      this.#loops.map((_, loop) => loop),
      0,
      4,
    );
    const fixed = this.#emitFixed(this.#kernel.body);
    this.#overLanes(column, columnEnd, (lanes) => {
      const result = this.#emit(this.#kernel.body, lanes, new Map(fixed));
      this.#store(output, result, lanes);
      this.#advance([this.#kernel.body], lanes);
      this.#movePointer(output, lanes);
    });
  }

  #writeColumns(): void {
    const columnEnd = this.#rowStart + 3;
    const column = this.#counters[this.#vectorLoop];
    const accumulator = this.#body.local("v128");
    const upToColumn = this.#loops.map((_, loop) => loop).filter((loop) =>
      loop !== this.#stepLoop
    );
    this.#body.get(this.#rowStart + 2).set(column);
    this.#overLanes(column, columnEnd, (lanes) => {
      this.#initialize(accumulator);
      this.#nest(this.#kept, () => {
        this.#aim([this.#kernel.body], upToColumn);
        const fixed = this.#emitFixed(this.#kernel.body, lanes);
        const step = this.#counters[this.#stepLoop];
        this.#body.i32(0).set(step);
        this.#body.whileBelow(
          step,
          () => this.#body.i32(this.#loops[this.#stepLoop]),
          () => {
            const value = this.#emit(this.#kernel.body, lanes, new Map(fixed));
            this.#combine(accumulator, value);
            this.#advance([this.#kernel.body], 1);
            this.#body.increase(step, 1);
          },
        );
      });
      this.#finish(accumulator, lanes);
    });
  }

  #writeRowReduction(): void {
    const vectors = this.#body.local("v128");
    const singles = this.#body.local("v128");
    this.#initialize(vectors);
    this.#initialize(singles);
    this.#nest(this.#kept, () => {
      const step = this.#counters[this.#stepLoop];
      this.#aim(
        [this.#kernel.body],
        this.#loops.map((_, loop) => loop).filter((loop) =>
          loop !== this.#stepLoop
        ),
      );
      const fixed = this.#emitFixed(this.#kernel.body);
      const end = this.#body.local("i32");
      this.#body.i32(0).set(step).i32(this.#loops[this.#stepLoop]).set(end);
      this.#overLanes(step, end, (lanes) => {
        const value = this.#emit(this.#kernel.body, lanes, new Map(fixed));
        this.#combine(lanes === 4 ? vectors : singles, value);
        this.#advance([this.#kernel.body], lanes);
      });
    });
    // halves onto each other, then the first lane of what the vectors left over
    const turned = this.#body.local("v128");
    for (const words of [[8, 12, 0, 4], [4, 0, 12, 8]]) {
      const bytes = words.flatMap((
        byte,
      ) => [byte, byte + 1, byte + 2, byte + 3]);
      this.#body.get(vectors).get(vectors).shuffle(bytes).set(turned);
      this.#combine(vectors, turned);
    }
    this.#combine(vectors, singles);
    this.#finish(vectors, 1);
  }

  /** The loops from `first` up to the innermost one, around `inside`. */
  #nest(first: number, inside: () => void): void {
    if (first >= this.#stepLoop) return inside();
    const counter = this.#counters[first];
    this.#body.i32(0).set(counter);
    this.#body.whileBelow(
      counter,
      () => this.#body.i32(this.#loops[first]),
      () => {
        this.#nest(first + 1, inside);
        this.#body.increase(counter, 1);
      },
    );
  }

  /** Runs `inside` for vectors of four up to `end`, then for what is left, one by one. */
  #overLanes(
    counter: number,
    end: number,
    inside: (lanes: Lanes) => void,
  ): void {
    const vectorEnd = this.#body.local("i32");
    this.#body.get(end).get(counter).op("i32.sub").i32(~3).op("i32.and").get(
      counter,
    ).op("i32.add")
      .set(vectorEnd);
    for (const [limit, lanes] of [[vectorEnd, 4], [end, 1]] as const) {
      this.#body.whileBelow(counter, () => this.#body.get(limit), () => {
        inside(lanes);
        this.#body.increase(counter, lanes);
      });
    }
  }

  #initialize(accumulator: number): void {
    const { reduction, body } = this.#kernel;
    if (reduction === "sum") this.#body.splatBits(0);
    else if (body.dtype === "f32") this.#body.splatFloat(-Infinity);
    else this.#body.splatBits(body.dtype === "i32" ? 0x80000000 : 0);
    this.#body.set(accumulator);
  }

  #combine(accumulator: number, value: number): void {
    const name = this.#kernel.reduction === "sum" ? "add" : "maximum";
    this.#body.get(accumulator).get(value);
    this.#body.simd(arithmetic(name, this.#kernel.body.dtype as ScalarType))
      .set(accumulator);
  }

  /** Applies the epilogue and stores. */
  #finish(accumulator: number, lanes: Lanes): void {
    const { epilogue, output } = this.#kernel;
    const kept = this.#loops.slice(0, this.#kept).map((_, loop) => loop);
    this.#aim([epilogue], kept);
    const reduced = inOrder(epilogue).find(({ kind }) => kind === "reduced")!;
    const values = new Map<Expression, number>([[reduced, accumulator]]);
    const result = this.#emit(epilogue, lanes, values);
    this.#store(this.#aimAt(output, kept, 0, 4), result, lanes);
  }

  // Pointers

  /** Stride of a view along one of our loops. */
  #stride(view: View, loop: number): number {
    return this.#kernel.kept > 0
      ? view.strides[loop]
      : loop === 0
      ? 0
      : view.strides[loop - 1];
  }

  /** Points at the element of `view` that the counters of `loops` name. */
  #aimAt(
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
      const step = this.#stride(view, loop) * bytes;
      if (step !== 0) {
        this.#body.get(this.#counters[loop]).i32(step).op("i32.mul").op(
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

  #aim(roots: readonly Expression[], loops: readonly number[]): void {
    const aimed = new Set<string>();
    for (const expression of roots.flatMap(inOrder)) {
      const found = place(expression);
      if (!found || aimed.has(JSON.stringify(found))) continue;
      aimed.add(JSON.stringify(found));
      this.#aimAt(found.view, loops, found.base, found.bytes);
    }
  }

  /** Moves all pointers of the expressions by `steps` iterations of the innermost loop. */
  #advance(roots: readonly Expression[], steps: number): void {
    const pointers = new Set(
      roots.flatMap(inOrder).map((expression) => this.#pointerOf(expression)),
    );
    for (const pointer of pointers) {
      if (pointer) this.#movePointer(pointer, steps);
    }
  }

  #movePointer(pointer: Pointer, steps: number): void {
    const step = this.#stride(pointer.view, this.#stepLoop) * pointer.bytes *
      steps;
    if (step !== 0) this.#body.increase(pointer.local, step);
  }

  // Values

  /** Computes what does not change in the innermost loop; the same for all lanes if that loop is the vector's. */
  #emitFixed(root: Expression, lanes: Lanes = 4): Map<Expression, number> {
    const values = new Map<Expression, number>();
    const moving = new Set<Expression>();
    for (const expression of inOrder(root)) {
      const view = place(expression)?.view;
      const moves = (view && this.#stride(view, this.#stepLoop) !== 0) ||
        children(expression).some((child) => moving.has(child));
      if (moves) moving.add(expression);
      else this.#emit(expression, lanes, values);
    }
    return values;
  }

  /** Computes an expression; returns the local that holds it. */
  #emit(
    root: Expression,
    lanes: Lanes,
    values: Map<Expression, number>,
  ): number {
    for (const expression of inOrder(root)) {
      if (values.has(expression)) continue;
      this.#push(expression, lanes, (child) => values.get(child)!);
      const local = this.#body.local("v128");
      this.#body.set(local);
      values.set(expression, local);
    }
    return values.get(root)!;
  }

  #push(
    expression: Expression,
    lanes: Lanes,
    value: (child: Expression) => number,
  ): void {
    const body = this.#body;
    switch (expression.kind) {
      case "load":
        return this.#pushLoad(
          this.#pointerOf(expression)!,
          expression.dtype === "u8",
          lanes,
        );
      case "constant":
        if (expression.dtype === "f32") body.splatFloat(expression.value);
        else body.splatBits(expression.value);
        return;
      case "index":
        return this.#pushPositions(this.#pointerOf(expression)!);
      case "random": {
        this.#pushPositions(this.#pointerOf(expression)!);
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
          default:
            body.get(x).simd(
              unaryInstruction(expression.name, expression.dtype),
            );
            return;
        }
      }
      case "binary":
        return this.#pushBinary(
          expression.name,
          expression.dtype,
          value(expression.a),
          value(expression.b),
        );
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

  #pushBinary(name: BinaryName, dtype: ScalarType, a: number, b: number): void {
    this.#body.get(a).get(b).simd(arithmetic(name, dtype));
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

  #pushPositions(pointer: Pointer): void {
    const stride = this.#stride(pointer.view, this.#vectorLoop);
    this.#body.get(pointer.local).simd("i32x4.splat");
    if (stride !== 0) {
      this.#body.vectorOf([0, stride, 2 * stride, 3 * stride]).simd(
        "i32x4.add",
      );
    }
  }

  #pushLoad(pointer: Pointer, isByte: boolean, lanes: Lanes): void {
    const body = this.#body;
    const stride = this.#stride(pointer.view, this.#vectorLoop);
    body.get(pointer.local);
    if (lanes === 1 || stride === 0) {
      if (isByte) body.loadByte().simd("i32x4.splat");
      else body.loadSplat();
      return;
    }
    if (stride === 1) {
      if (isByte) {
        body.loadSplat().simd("i16x8.extend_low_i8x16_u").simd(
          "i32x4.extend_low_i16x8_u",
        );
      } else body.loadVector();
      return;
    }
    if (isByte) body.loadByte().simd("i32x4.splat");
    else body.loadSplat();
    const gathered = body.local("v128");
    body.set(gathered);
    for (const lane of [1, 2, 3]) {
      const address = () =>
        body.get(pointer.local).i32(lane * stride * pointer.bytes).op(
          "i32.add",
        );
      if (isByte) {
        body.get(gathered);
        address();
        body.loadByte().replaceLane(lane);
      } else {
        address();
        body.get(gathered).loadLane(lane);
      }
      body.set(gathered);
    }
    body.get(gathered);
  }

  #store(pointer: Pointer, value: number, lanes: Lanes): void {
    const stride = this.#stride(pointer.view, this.#vectorLoop);
    if (lanes === 4 && stride === 1) {
      this.#body.get(pointer.local).get(value).storeVector();
      return;
    }
    for (let lane = 0; lane < lanes; lane++) {
      this.#body.get(pointer.local).i32(lane * stride * pointer.bytes).op(
        "i32.add",
      )
        .get(value).storeLane(lane);
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
    case "index":
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

function arithmetic(name: BinaryName, dtype: ScalarType): SimdInstruction {
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
