import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Buffer, Dispatch } from "../../../engine/compile/kernel.ts";
import {
  bytesOf,
  planMemory,
  wholeOf,
} from "../../../engine/compile/memory.ts";
import { Storage } from "../../../engine/graph/tensor.ts";
import { UserError } from "../../../engine/user_error.ts";
import { randomNumber, withSeed } from "../../random.ts";
import { assertSoundPlan } from "../sound_plan.ts";

const limits = {
  alignment: 256,
  maxBufferBytes: 2 ** 20,
  maxBlockBytes: 2 ** 30,
  maxBuffersPerKernel: 8,
};

function buffer(label: string, size: number): Buffer {
  return { size, dtype: "f32", label };
}

function integer(low: number, high: number): number {
  return Math.floor(randomNumber(low, high));
}

/** A chain of kernels, each reading some of the results before it. */
function randomSchedule(length: number) {
  const results: Buffer[] = [buffer("input", integer(1, 2000))];
  const dispatches: Dispatch[] = [];
  for (let i = 0; i < length; i++) {
    const inputs = [0, 1].map(() =>
      results[integer(Math.max(0, results.length - 6), results.length)]
    );
    const output = buffer(`result ${i}`, integer(1, 2000));
    dispatches.push({ kernel: { kind: "copy" }, inputs, output });
    results.push(output);
  }
  const inputs = new Map([["input", { ...results[0], input: "input" }]]);
  const [first] = inputs.values();
  for (const [i, dispatch] of dispatches.entries()) {
    dispatches[i] = {
      ...dispatch,
      inputs: dispatch.inputs.map((each) => each === results[0] ? first : each),
    };
  }
  return { dispatches, inputs, outputs: [dispatches[length - 1].output] };
}

Deno.test("planMemory: buffers that are alive together never overlap, and none crosses a block", () =>
  withSeed("planMemory", () => {
    for (let i = 0; i < 40; i++) {
      const schedule = randomSchedule(integer(1, 30));
      for (const maxBlockBytes of [8192, 2 ** 30]) {
        const plan = planMemory(schedule, { ...limits, maxBlockBytes });
        assertSoundPlan(plan, limits);
        const end = schedule.dispatches.length;
        const lives = [...plan.offsets].map(([each, start]) => {
          const times = [
            ...schedule.inputs.values().some((other) => other === each)
              ? [0]
              : [],
            ...schedule.outputs.includes(each) ? [end] : [],
            ...schedule.dispatches.flatMap(({ inputs, output }, time) =>
              [...inputs, output].includes(each) ? [time] : []
            ),
          ];
          const bytes = Math.ceil(bytesOf(each) / 256) * 256;
          return {
            start,
            bytes,
            first: Math.min(...times),
            last: Math.max(...times),
          };
        });
        for (const [j, a] of lives.entries()) {
          assertEquals(a.start % 256, 0);
          assert(
            Math.floor(a.start / maxBlockBytes) ===
              Math.floor((a.start + a.bytes - 1) / maxBlockBytes),
            "crosses a block",
          );
          for (const b of lives.slice(j + 1)) {
            const together = a.first <= b.last && b.first <= a.last;
            const overlap = a.start < b.start + b.bytes &&
              b.start < a.start + a.bytes;
            assert(!(together && overlap));
          }
        }
        const aliveAt = (time: number) =>
          lives.reduce(
            (sum, { first, last, bytes }) =>
              first <= time && time <= last ? sum + bytes : sum,
            0,
          );
        const liveBytes = Math.max(
          ...Array.from({ length: end + 1 }, (_, time) => aliveAt(time)),
        );
        assertEquals(plan.liveBytes, liveBytes);
        assert(plan.arenaBytes >= liveBytes);
      }
    }
  }));

Deno.test("planMemory: a chain reuses the memory of results that are needed no longer", () => {
  const results = Array.from({ length: 9 }, (_, i) => buffer(`${i}`, 64));
  const dispatches = results.slice(1).map((output, i): Dispatch => ({
    kernel: { kind: "copy" },
    inputs: [results[i]],
    output,
  }));
  const plan = planMemory(
    { dispatches, inputs: new Map(), outputs: [results[8]] },
    limits,
  );
  assertEquals([plan.arenaBytes, plan.liveBytes], [512, 512]);
});

Deno.test("planMemory: states need no memory of the program, parts lie in their whole", () => {
  const storage = new Storage("weights", 64);
  const state = { ...buffer("weights", 64), state: { storage, offset: 0 } };
  const whole = buffer("whole", 128);
  const part = { ...buffer("part", 64), parent: { buffer: whole, offset: 64 } };
  const nested = {
    ...buffer("nested", 8),
    parent: { buffer: part, offset: 8 },
  };
  const plan = planMemory({
    dispatches: [{ kernel: { kind: "copy" }, inputs: [state], output: part }],
    inputs: new Map(),
    outputs: [whole],
  }, limits);
  assertEquals([...plan.offsets.keys()], [whole]);
  assertEquals(plan.arenaBytes, 512);
  assertEquals(wholeOf(nested), { buffer: whole, offset: 72 });
});

Deno.test("planMemory: refuses a buffer that is larger than the device binds", () => {
  const output = buffer("attention scores", 2 ** 20);
  assertThrows(
    () =>
      planMemory({
        dispatches: [{ kernel: { kind: "zero" }, inputs: [], output }],
        inputs: new Map(),
        outputs: [],
      }, limits),
    UserError,
    "attention scores needs 4 MiB",
  );
});

Deno.test("bytesOf: bytes are padded to whole words", () => {
  assertEquals(bytesOf({ size: 5, dtype: "u8" }), 8);
  assertEquals(bytesOf({ size: 5, dtype: "i32" }), 20);
});
