import { assert } from "@std/assert";
import type { DeviceLimits } from "../../engine/devices/device.ts";
import type { Buffer } from "../../engine/compile/kernel.ts";
import { bytesOf, type Plan, wholeOf } from "../../engine/compile/memory.ts";

/**
 * Plays a plan through and asserts that every kernel reads what was written for it: that nothing
 * else was written to the same memory in between, and that no kernel writes over what it reads.
 */
export function assertSoundPlan(plan: Plan, limits: DeviceLimits): void {
  /** The buffer whose values each aligned piece of the arena holds. */
  const owners: (Buffer | undefined)[] = new Array(
    plan.arenaBytes / limits.alignment,
  );

  /** The pieces of the arena that a buffer lies in; none for states. */
  const piecesOf = (part: Buffer): number[] => {
    const { buffer, offset } = wholeOf(part);
    if (buffer.state) return [];
    const start = plan.offsets.get(buffer)! + offset * 4;
    assert(start % limits.alignment === 0, `${part.label} is not aligned`);
    const first = start / limits.alignment;
    const count = Math.ceil(bytesOf(part) / limits.alignment);
    assert(first + count <= owners.length, `${part.label} is outside`);
    return Array.from({ length: count }, (_, i) => first + i);
  };
  const write = (part: Buffer) => {
    for (const piece of piecesOf(part)) owners[piece] = wholeOf(part).buffer;
  };
  const read = (part: Buffer, by: string) => {
    for (const piece of piecesOf(part)) {
      assert(
        owners[piece] === wholeOf(part).buffer,
        `${by} reads ${part.label}, but finds ${owners[piece]?.label}`,
      );
    }
  };

  for (const input of plan.inputs.values()) write(input);
  for (const { inputs, output } of plan.dispatches) {
    for (const input of inputs) read(input, output.label);
    write(output);
    // still there: the output did not overwrite them
    for (const input of inputs) read(input, output.label);
  }
  for (const output of plan.outputs) read(output, "the host");
}
