import type { z } from "zod";
import type { Communicator } from "../engine/communicator.ts";
import type { Tensor } from "../engine/graph/tensor.ts";

/** Settings that every loss term has. */
export interface Weighted {
  /** Factor of the term in the total loss, at least 0; 0 leaves the term out. */
  readonly weight: number;
}

/** A loss with the numbers to show beside it. */
export interface LossValue {
  /** The loss before it is weighted, one element. */
  readonly loss: Tensor;
  /** Further numbers by name, one element each; no gradient flows through them. */
  readonly metrics: Readonly<Record<string, Tensor>>;
}

/** A loss term, as its file exports it. */
export interface LossTerm<Output, Options extends Weighted> {
  /**
   * Accepts its options.
   *
   * @internal
   */
  readonly schema: z.ZodType<Options>;
  /** The settings that give a model the output that the term needs, for messages. */
  readonly needs: string;
  /**
   * The loss of what a model outputs under the term's name.
   *
   * @param communicator the processes whose targets are compared with; this one alone by default
   */
  compute(
    output: Output,
    options: Options,
    communicator?: Communicator,
  ): LossValue;
}
