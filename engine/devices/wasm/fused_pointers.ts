import {
  type Expression,
  inOrder,
  type View,
} from "../../compile/expression.ts";
import type { FunctionBody } from "./assembler.ts";

/** The loops around the values of a fused kernel. */
export interface LoopNest {
  /** Local that counts each loop. */
  readonly counters: readonly number[];
  /** The loop whose neighbouring iterations share a vector. */
  readonly vectorLoop: number;
  /** The loop through which pointers are advanced; for the others they are computed from the counters. */
  readonly innermostLoop: number;
  /** Elements of a view between neighbouring iterations of a loop. */
  stride(view: View, loop: number): number;
}

/** What an expression reads, or for `iota` and `random` the position that it depends on. */
export interface Access {
  readonly view: View;
  /** Parameter that holds the address of the view's position 0; absent for positions. */
  readonly base?: number;
  /** Bytes of an element; 1 for positions. */
  readonly bytes: number;
}

/** A local that follows an access through the loops: a byte address, or a position. */
export interface Pointer extends Access {
  readonly local: number;
}

/** The access of a leaf expression; parameter 1 of a fused function is the address of input 0. */
export function accessOf(expression: Expression): Access | undefined {
  switch (expression.kind) {
    case "load": {
      const bytes = expression.dtype === "u8" ? 1 : 4;
      return { view: expression.view, base: 1 + expression.input, bytes };
    }
    case "iota":
      return { view: expression.view, bytes: 1 };
    case "random":
      return { view: expression.counter, bytes: 1 };
    case "constant":
    case "unary":
    case "binary":
    case "select":
    case "cast":
    case "reduced":
      return undefined;
    default:
      return expression satisfies never;
  }
}

/** Writes the instructions that set and advance the pointers of a fused kernel. */
export class PointerWriter {
  readonly #body: FunctionBody;
  readonly #nest: LoopNest;
  readonly #pointers = new Map<string, Pointer>();

  /** Writes into `body`. */
  constructor(body: FunctionBody, nest: LoopNest) {
    this.#body = body;
    this.#nest = nest;
  }

  /** Sets the pointer of an access from the counters of `loops`. */
  set(access: Access, loops: readonly number[]): Pointer {
    const pointer = this.#pointerOf(access);
    const { view, base, bytes, local } = pointer;
    if (base === undefined) this.#body.i32(view.offset);
    else this.#body.get(base).i32(view.offset * bytes).op("i32.add");
    for (const loop of loops) {
      const step = this.#nest.stride(view, loop) * bytes;
      if (step !== 0) {
        this.#body.get(this.#nest.counters[loop]).i32(step).op("i32.mul")
          .op("i32.add");
      }
    }
    this.#body.set(local);
    return pointer;
  }

  /** Sets the pointers of everything that `root` reads. */
  setAll(root: Expression, loops: readonly number[]): void {
    for (const pointer of this.#pointersOf(root)) this.set(pointer, loops);
  }

  /** Advances a pointer by `steps` iterations of the innermost loop. */
  advance({ view, bytes, local }: Pointer, steps: number): void {
    const step = this.#nest.stride(view, this.#nest.innermostLoop) * bytes *
      steps;
    if (step !== 0) this.#body.increase(local, step);
  }

  /** Advances the pointers of everything that `root` reads. */
  advanceAll(root: Expression, steps: number): void {
    for (const pointer of this.#pointersOf(root)) this.advance(pointer, steps);
  }

  /** The pointer of a leaf expression. */
  pointerOf(expression: Expression): Pointer {
    const access = accessOf(expression);
    if (!access) throw new TypeError(`${expression.kind} reads nothing`);
    return this.#pointerOf(access);
  }

  #pointersOf(root: Expression): Set<Pointer> {
    const accesses = inOrder(root).flatMap((expression) =>
      accessOf(expression) ?? []
    );
    return new Set(accesses.map((access) => this.#pointerOf(access)));
  }

  /** One pointer for all accesses that are equal. */
  #pointerOf({ view, base, bytes }: Access): Pointer {
    const key = JSON.stringify([view, base, bytes]);
    let pointer = this.#pointers.get(key);
    if (!pointer) {
      pointer = { view, base, bytes, local: this.#body.local("i32") };
      this.#pointers.set(key, pointer);
    }
    return pointer;
  }
}
