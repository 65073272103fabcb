import { inOrder, type View } from "../../compile/expression.ts";
import type { FusedKernel } from "../../compile/kernel.ts";
import { FunctionBody } from "./assembler.ts";
import { type LoopNest, PointerWriter } from "./fused_pointers.ts";
import { type Lanes, scalar, unrolled, ValueWriter } from "./fused_values.ts";
import { binaryEmitter } from "./instructions.ts";

/**
 * Generates a function for a fused kernel, four elements at a time. One loop is vectorised:
 *  - a map: the last kept loop;
 *  - a reduction whose kept elements lie side by side ("columns"): the last kept loop; each vector
 *    of results runs through all reduced loops;
 *  - any other reduction ("rows"): the last reduced loop, and the four lanes are combined at the end.
 * What four do not divide is left to the same code, of which only the first lane is used.
 *
 * Parameters of the function: addresses of the output and of each input, then the rows (all kept
 * loops but the vectorised one, counted as one) and the columns (of the vectorised loop, if it is
 * kept) that it works on: rowStart, rowEnd, columnStart, columnEnd.
 */
export function writeFused(kernel: FusedKernel, inputs: number): FunctionBody {
  return new FusedWriter(kernel, inputs).write();
}

/** Rows and columns of a fused kernel, between which threads share its work. */
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

/** The loops, with a kept one of a single iteration in front where all are reduced. */
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

/** Vectors that a reduction accumulates side by side, because each addition waits for the one before. */
const REDUCTION_UNROLL = 4;

class FusedWriter {
  readonly #kernel: FusedKernel;
  readonly #body: FunctionBody;
  readonly #nest: LoopNest;
  readonly #pointers: PointerWriter;
  readonly #values: ValueWriter;
  readonly #loops: readonly number[];
  readonly #kept: number;
  /** Parameters. */
  readonly #rows: { readonly start: number; readonly end: number };
  readonly #columns: { readonly start: number; readonly end: number };

  constructor(kernel: FusedKernel, inputs: number) {
    this.#kernel = kernel;
    const first = 1 + inputs;
    this.#rows = { start: first, end: first + 1 };
    this.#columns = { start: first + 2, end: first + 3 };
    this.#body = new FunctionBody(first + 4);
    const { loops, kept } = withKeptLoop(kernel);
    this.#loops = loops;
    this.#kept = kept;
    this.#nest = {
      counters: loops.map(() => this.#body.local("i32")),
      vectorLoop: vectorIsKept(kernel) ? kept - 1 : loops.length - 1,
      innermostLoop: loops.length - 1,
      // a loop was added in front where the kernel keeps none
      stride: ({ strides }: View, loop: number) =>
        kernel.kept > 0 ? strides[loop] : loop === 0 ? 0 : strides[loop - 1],
    };
    this.#pointers = new PointerWriter(this.#body, this.#nest);
    this.#values = new ValueWriter(this.#body, this.#nest, this.#pointers);
  }

  write(): FunctionBody {
    const { start, end } = this.#rows;
    const row = this.#body.local("i32");
    this.#body.get(start).set(row);
    this.#body.whileBelow(row, () => this.#body.get(end), () => {
      this.#setRowCounters(row);
      if (!this.#kernel.reduction) this.#writeMap();
      else if (this.#nest.vectorLoop < this.#kept) this.#writeColumns();
      else this.#writeRowReduction();
      this.#body.increase(row, 1);
    });
    return this.#body;
  }

  #keptLoops(): number[] {
    return this.#loops.slice(0, this.#kept).map((_, loop) => loop);
  }

  #outerLoops(): number[] {
    return this.#loops.map((_, loop) => loop).slice(
      0,
      this.#nest.innermostLoop,
    );
  }

  /** Splits the row number into the counters of the kept loops. */
  #setRowCounters(row: number): void {
    let divisor = 1;
    for (const loop of this.#keptLoops().reverse()) {
      if (loop === this.#nest.vectorLoop) continue;
      this.#body.get(row).i32(divisor).op("i32.div_u")
        .i32(this.#loops[loop]).op("i32.rem_u")
        .set(this.#nest.counters[loop]);
      divisor *= this.#loops[loop];
    }
  }

  #writeMap(): void {
    const { start, end } = this.#columns;
    const column = this.#nest.counters[this.#nest.vectorLoop];
    const { body } = this.#kernel;
    const kept = this.#keptLoops();
    this.#body.get(start).set(column);
    this.#pointers.setAll(body, kept);
    const output = this.#setOutput();
    const invariants = this.#values.emitInvariants(body, unrolled(1));
    this.#vectorised(column, end, 1, (vectors) => {
      const [result] = this.#values.emit(body, vectors, invariants);
      this.#values.store(output, result, vectors[0]);
      const steps = elementsOf(vectors);
      this.#pointers.advanceAll(body, steps);
      this.#pointers.advance(output, steps);
    });
  }

  #writeColumns(): void {
    const { start, end } = this.#columns;
    const column = this.#nest.counters[this.#nest.vectorLoop];
    const step = this.#nest.counters[this.#nest.innermostLoop];
    const { body } = this.#kernel;
    this.#body.get(start).set(column);
    this.#vectorised(column, end, REDUCTION_UNROLL, (vectors) => {
      const accumulators = vectors.map(() => this.#accumulator());
      this.#nested(this.#kept, () => {
        this.#pointers.setAll(body, this.#outerLoops());
        const invariants = this.#values.emitInvariants(body, vectors);
        this.#loop(step, this.#loops[this.#nest.innermostLoop], () => {
          this.#values.emit(body, vectors, invariants).forEach((value, i) =>
            this.#combine(accumulators[i], value)
          );
          this.#pointers.advanceAll(body, 1);
        });
      });
      this.#finish(accumulators, vectors);
    });
  }

  #writeRowReduction(): void {
    const accumulators = unrolled(REDUCTION_UNROLL).map(() =>
      this.#accumulator()
    );
    const tail = this.#accumulator();
    const { body } = this.#kernel;
    this.#nested(this.#kept, () => {
      const step = this.#nest.counters[this.#nest.innermostLoop];
      this.#pointers.setAll(body, this.#outerLoops());
      const [invariants] = this.#values.emitInvariants(body, unrolled(1));
      const end = this.#body.local("i32");
      this.#body.i32(0).set(step);
      this.#body.i32(this.#loops[this.#nest.innermostLoop]).set(end);
      this.#vectorised(step, end, REDUCTION_UNROLL, (vectors) => {
        const computed = vectors.map(() => invariants);
        this.#values.emit(body, vectors, computed).forEach((value, i) =>
          this.#combine(vectors === scalar ? tail : accumulators[i], value)
        );
        this.#pointers.advanceAll(body, elementsOf(vectors));
      });
    });
    const [total, ...others] = accumulators;
    others.forEach((other) => this.#combine(total, other));
    // fold the halves of the vector onto each other, then add lane 0 of the tail
    const turned = this.#body.local("v128");
    for (const words of [[8, 12, 0, 4], [4, 0, 12, 8]]) {
      const bytes = words.flatMap((byte) => [0, 1, 2, 3].map((i) => byte + i));
      this.#body.get(total).get(total).shuffle(bytes).set(turned);
      this.#combine(total, turned);
    }
    this.#combine(total, tail);
    this.#finish([total], scalar);
  }

  /** `inside`, in the loops from `first` up to but not including the innermost one. */
  #nested(first: number, inside: () => void): void {
    if (first >= this.#nest.innermostLoop) return inside();
    this.#loop(this.#nest.counters[first], this.#loops[first], () => {
      this.#nested(first + 1, inside);
    });
  }

  /** Runs `inside` for `counter` from 0 up to `count`. */
  #loop(counter: number, count: number, inside: () => void): void {
    this.#body.i32(0).set(counter);
    this.#body.whileBelow(counter, () => this.#body.i32(count), () => {
      inside();
      this.#body.increase(counter, 1);
    });
  }

  /** Runs `inside` for `unroll` vectors at a time up to `end`, then for one, then for single elements. */
  #vectorised(
    counter: number,
    end: number,
    unroll: number,
    inside: (vectors: readonly Lanes[]) => void,
  ): void {
    const limit = this.#body.local("i32");
    const groups = unroll > 1
      ? [unrolled(unroll), unrolled(1), scalar]
      : [unrolled(1), scalar];
    for (const vectors of groups) {
      const size = elementsOf(vectors);
      // counter + (end - counter, rounded down to whole groups)
      this.#body.get(end).get(counter).op("i32.sub").i32(-size).op("i32.and")
        .get(counter).op("i32.add").set(limit);
      this.#body.whileBelow(counter, () => this.#body.get(limit), () => {
        inside(vectors);
        this.#body.increase(counter, size);
      });
    }
  }

  /** A new local with what a reduction starts from. */
  #accumulator(): number {
    const { reduction, body } = this.#kernel;
    const accumulator = this.#body.local("v128");
    if (reduction === "sum") this.#body.splatBits(0);
    else if (body.dtype === "f32") this.#body.splatFloat(-Infinity);
    else this.#body.splatBits(body.dtype === "i32" ? 0x80000000 : 0);
    this.#body.set(accumulator);
    return accumulator;
  }

  #combine(accumulator: number, value: number): void {
    const { reduction, body } = this.#kernel;
    const name = reduction === "sum" ? "add" : "maximum";
    const dtype = body.dtype === "u8" ? "u32" : body.dtype;
    binaryEmitter(name, dtype)(this.#body, accumulator, value);
    this.#body.set(accumulator);
  }

  /** Applies the epilogue to the reduced vectors and stores the results. */
  #finish(accumulators: readonly number[], vectors: readonly Lanes[]): void {
    const { epilogue } = this.#kernel;
    this.#pointers.setAll(epilogue, this.#keptLoops());
    const reduced = inOrder(epilogue).filter(({ kind }) => kind === "reduced");
    const computed = accumulators.map((local) =>
      new Map(reduced.map((expression) => [expression, local]))
    );
    const results = this.#values.emit(epilogue, vectors, computed);
    const output = this.#setOutput();
    results.forEach((result, i) =>
      this.#values.store(output, result, vectors[i])
    );
  }

  /** Points at the result that the counters of the kept loops name. */
  #setOutput() {
    const access = { view: this.#kernel.output, base: 0, bytes: 4 };
    return this.#pointers.set(access, this.#keptLoops());
  }
}

/** How many elements the vectors have together. */
function elementsOf(vectors: readonly Lanes[]): number {
  return vectors.length * vectors[0].count;
}
