import { randomValues } from "../values.ts";
import type { WorkCase } from "./case.ts";

/** Square matrix products. */
export function matmulCases(onGpu: boolean): WorkCase[] {
  return [256, 512, 1024, ...onGpu ? [4096] : []].map((size) => ({
    name: `matmul ${size}`,
    tolerance: 1e-4,
    operations: 2 * size ** 3,
    make: () => ({
      kind: "matmul",
      m: size,
      n: size,
      k: size,
      a: randomValues(size ** 2),
      b: randomValues(size ** 2),
    }),
  }));
}
