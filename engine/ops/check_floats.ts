import type { Tensor } from "../graph/tensor.ts";

/** @throws {TypeError} if an operand of the operation `name` is not f32. */
export function checkFloats(name: string, ...tensors: readonly Tensor[]): void {
  for (const { dtype } of tensors) {
    if (dtype !== "f32") {
      throw new TypeError(`${name} needs f32, not ${dtype}; cast it`);
    }
  }
}
