import { mapLeaves, type View, viewsOf } from "./expression.ts";
import type { FusedKernel } from "./kernel.ts";

/** The kernel without loops of one iteration, and with neighbours joined that every view steps through as one loop. */
export function collapseLoops(kernel: FusedKernel): FusedKernel {
  const views = [
    ...viewsOf(kernel.body),
    ...viewsOf(kernel.epilogue),
    kernel.output,
  ];
  const groups: number[][] = [];
  kernel.loops.forEach((size, loop) => {
    if (size === 1) return;
    const previous = groups.at(-1)?.at(-1);
    const joins = previous !== undefined &&
      (previous < kernel.kept) === (loop < kernel.kept) &&
      views.every(({ strides }) => strides[previous] === strides[loop] * size);
    if (joins) groups.at(-1)!.push(loop);
    else groups.push([loop]);
  });
  const change = ({ offset, strides }: View): View => ({
    offset,
    strides: groups.map((group) => strides[group.at(-1)!]),
  });
  return {
    ...kernel,
    loops: groups.map((group) =>
      group.reduce((size, loop) => size * kernel.loops[loop], 1)
    ),
    kept: groups.filter(([loop]) => loop < kernel.kept).length,
    body: mapLeaves(kernel.body, change),
    epilogue: mapLeaves(kernel.epilogue, change),
    output: change(kernel.output),
  };
}
