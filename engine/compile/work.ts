import { kernelWork, type Work } from "./device_operations.ts";
import type { Dispatch } from "./kernel.ts";

export type { Work };

/** The work of running all dispatches once. */
export function workOf(dispatches: readonly Dispatch[]): Work {
  let [products, elements] = [0, 0];
  for (const { kernel, output } of dispatches) {
    const work = kernelWork(kernel, output);
    products += work.products;
    elements += work.elements;
  }
  return { products, elements };
}
