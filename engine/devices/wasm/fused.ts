import {
  inOrder,
  type ScalarType,
  type View,
} from "../../compile/expression.ts";
import type { FusedKernel } from "../../compile/kernel.ts";
import { FunctionBody } from "./assembler.ts";
import {
  arithmetic,
  single,
  type Slice,
  ValueWriter,
  vectors,
} from "./fused_values.ts";

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

/** Vectors that a reduction goes through side by side: sums that wait for each other are slow. */
const REDUCED_VECTORS = 4;

class FusedWriter {
  readonly #kernel: FusedKernel;
  readonly #body: FunctionBody;
  readonly #values: ValueWriter;
  readonly #loops: readonly number[];
  readonly #kept: number;
  readonly #vectorLoop: number;
  /** The innermost loop, through which pointers are moved and not computed. */
  readonly #stepLoop: number;
  readonly #rowStart: number;
  readonly #counters: number[];

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
    this.#values = new ValueWriter(this.#body, {
      counters: this.#counters,
      vector: this.#vectorLoop,
      step: this.#stepLoop,
      // a loop was added in front where the kernel keeps none
      stride: ({ strides }: View, loop: number) =>
        kernel.kept > 0 ? strides[loop] : loop === 0 ? 0 : strides[loop - 1],
    });
  }

  write(): FunctionBody {
    const row = this.#body.local("i32");
    const rowLoops = this.#keptLoops().filter((loop) =>
      loop !== this.#vectorLoop
    );
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

  #keptLoops(): number[] {
    return this.#loops.slice(0, this.#kept).map((_, loop) => loop);
  }

  #allButStep(): number[] {
    return this.#loops.map((_, loop) => loop).slice(0, this.#stepLoop);
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
    const { body } = this.#kernel;
    this.#body.get(columnStart).set(column);
    this.#values.aim([body], this.#keptLoops());
    const output = this.#values.aimAt(
      this.#kernel.output,
      this.#keptLoops(),
      0,
      4,
    );
    const fixed = this.#values.emitFixed(body, vectors(1));
    this.#overSlices(column, columnEnd, 1, (slices) => {
      const [result] = this.#values.emit(body, slices, fixed);
      this.#values.store(output, result, slices[0]);
      const steps = elements(slices);
      this.#values.advance([body], steps);
      this.#values.movePointer(output, steps);
    });
  }

  #writeColumns(): void {
    const columnEnd = this.#rowStart + 3;
    const column = this.#counters[this.#vectorLoop];
    const { body } = this.#kernel;
    this.#body.get(this.#rowStart + 2).set(column);
    this.#overSlices(column, columnEnd, REDUCED_VECTORS, (slices) => {
      const accumulators = slices.map(() => this.#accumulator());
      this.#nest(this.#kept, () => {
        this.#values.aim([body], this.#allButStep());
        const fixed = this.#values.emitFixed(body, slices);
        const step = this.#counters[this.#stepLoop];
        this.#body.i32(0).set(step);
        this.#body.whileBelow(
          step,
          () => this.#body.i32(this.#loops[this.#stepLoop]),
          () => {
            this.#values.emit(body, slices, fixed).forEach((value, i) =>
              this.#combine(accumulators[i], value)
            );
            this.#values.advance([body], 1);
            this.#body.increase(step, 1);
          },
        );
      });
      this.#finish(accumulators, slices);
    });
  }

  #writeRowReduction(): void {
    const accumulators = vectors(REDUCED_VECTORS).map(() =>
      this.#accumulator()
    );
    const singles = this.#accumulator();
    const { body } = this.#kernel;
    this.#nest(this.#kept, () => {
      const step = this.#counters[this.#stepLoop];
      this.#values.aim([body], this.#allButStep());
      const fixed = this.#values.emitFixed(body, vectors(1));
      const end = this.#body.local("i32");
      this.#body.i32(0).set(step).i32(this.#loops[this.#stepLoop]).set(end);
      this.#overSlices(step, end, REDUCED_VECTORS, (slices) => {
        const known = slices.map(() => fixed[0]);
        this.#values.emit(body, slices, known).forEach((value, i) =>
          this.#combine(slices === single ? singles : accumulators[i], value)
        );
        this.#values.advance([body], elements(slices));
      });
    });
    const [total, ...others] = accumulators;
    others.forEach((other) => this.#combine(total, other));
    // halves onto each other, then the first lane of what the vectors left over
    const turned = this.#body.local("v128");
    for (const words of [[8, 12, 0, 4], [4, 0, 12, 8]]) {
      const bytes = words.flatMap((
        byte,
      ) => [byte, byte + 1, byte + 2, byte + 3]);
      this.#body.get(total).get(total).shuffle(bytes).set(turned);
      this.#combine(total, turned);
    }
    this.#combine(total, singles);
    this.#finish([total], single);
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

  /** Runs `inside` for `most` vectors at a time up to `end`, then for one vector, then for single elements. */
  #overSlices(
    counter: number,
    end: number,
    most: number,
    inside: (slices: readonly Slice[]) => void,
  ): void {
    const limit = this.#body.local("i32");
    const groups = most > 1
      ? [vectors(most), vectors(1), single]
      : [vectors(1), single];
    for (const slices of groups) {
      const size = elements(slices);
      this.#body.get(end).get(counter).op("i32.sub").i32(-size).op("i32.and")
        .get(counter).op("i32.add").set(limit);
      this.#body.whileBelow(counter, () => this.#body.get(limit), () => {
        inside(slices);
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
    const name = this.#kernel.reduction === "sum" ? "add" : "maximum";
    this.#body.get(accumulator).get(value);
    this.#body.simd(arithmetic(name, this.#kernel.body.dtype as ScalarType))
      .set(accumulator);
  }

  /** Applies the epilogue to the result of each slice and stores. */
  #finish(accumulators: readonly number[], slices: readonly Slice[]): void {
    const { epilogue, output } = this.#kernel;
    const kept = this.#keptLoops();
    this.#values.aim([epilogue], kept);
    const reduced = inOrder(epilogue).find(({ kind }) => kind === "reduced")!;
    const known = accumulators.map((local) => new Map([[reduced, local]]));
    const results = this.#values.emit(epilogue, slices, known);
    const target = this.#values.aimAt(output, kept, 0, 4);
    results.forEach((result, i) =>
      this.#values.store(target, result, slices[i])
    );
  }
}

/** How many elements slices have together. */
function elements(slices: readonly Slice[]): number {
  return slices.length * slices[0].lanes;
}
