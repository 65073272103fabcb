import { Storage, type Tensor } from "../../engine/graph/tensor.ts";

/** Hides the first token of the first row and the last one of the last row: `[batch, tokens]` */
export function maskOf(
  batch: number,
  tokens: number,
): Float32Array<ArrayBuffer> {
  const mask = new Float32Array(batch * tokens).fill(1);
  mask[0] = 0;
  mask[mask.length - 1] = 0;
  return mask;
}

/** The same as a tensor. */
export const maskTensor = (batch: number, tokens: number): Tensor =>
  new Storage("mask", batch * tokens, "f32", maskOf(batch, tokens))
    .tensor([batch, tokens]);
