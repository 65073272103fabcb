import type { DType } from "../graph/tensor.ts";
import { UserError } from "../user_error.ts";
import type { HostArray } from "./device.ts";

const classes = {
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  u8: Uint8Array,
};

/** `size` elements of `memory` from byte `start` on. */
export function hostArray(
  dtype: DType,
  memory: ArrayBuffer,
  size: number,
  start = 0,
): HostArray {
  return new classes[dtype](memory, start, size);
}

/** A host array over memory of any kind. */
type AnyHostArray = Float32Array | Int32Array | Uint32Array | Uint8Array;

/**
 * Checks values that are about to be copied to a device.
 *
 * @throws {UserError} if they are missing or of another type or number than `label` needs.
 */
export function checkValues(
  label: string,
  dtype: DType,
  size: number,
  values: AnyHostArray | undefined,
): void {
  if (values instanceof classes[dtype] && values.length === size) return;
  const given = values
    ? `${values.constructor.name} of ${values.length}`
    : "nothing";
  throw new UserError(
    `${label} needs a ${classes[dtype].name} of ${size} values, not ${given}`,
  );
}
