import { assertEquals, assertThrows } from "@std/assert";
import {
  FunctionBody,
  ModuleWriter,
} from "../../../../engine/devices/wasm/assembler.ts";

/** Runs a function of addresses on a memory that begins with `words`. */
function run(
  body: FunctionBody,
  args: readonly number[],
  words: readonly number[] = [],
): Int32Array {
  const module = new ModuleWriter();
  module.export("run", module.add(body));
  const memory = new WebAssembly.Memory({
    initial: 1,
    maximum: 65536,
    shared: true,
  });
  const content = new Int32Array(memory.buffer);
  content.set(words);
  const instance = new WebAssembly.Instance(
    new WebAssembly.Module(module.encode()),
    { env: { memory } },
  );
  const { run } = instance.exports;
  if (!(run instanceof Function)) throw new Error("nothing was exported");
  run(...args);
  return content;
}

Deno.test("FunctionBody: vectors are loaded, computed and stored", () => {
  const body = new FunctionBody(2);
  body.get(1).get(0).loadVector().splatBits(100).op("i32x4.add").storeVector(
    16,
  );
  const words = run(body, [16, 32], [0, 0, 0, 0, 1, 2, 3, -4]);
  assertEquals([...words.subarray(12, 16)], [101, 102, 103, 96]);
});

Deno.test("FunctionBody: numbers of any size are encoded", () => {
  const values = [0, 1, -1, 63, 64, -64, -65, 8191, 8192, -8193];
  values.push(2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1);
  const body = new FunctionBody(0);
  values.forEach((value, i) => {
    body.i32(4 * i).i32(value).op("i32x4.splat").storeLane(0);
  });
  // an offset and a local beyond 128
  const local = Array.from({ length: 200 }, () => body.local("i32")).at(-1)!;
  body.i32(77).set(local);
  body.i32(0).get(local).op("i32x4.splat").storeLane(3, 1000);
  const words = run(body, []);
  assertEquals(
    [...words.subarray(0, values.length)],
    values.map((value) => value | 0),
  );
  assertEquals(words[250], 77);
});

Deno.test("FunctionBody: lanes, bytes and shuffles address what they name", () => {
  const body = new FunctionBody(0);
  const gathered = body.local("v128");
  body.vectorOf([1, 2, 3, 4]).set(gathered);
  body.i32(0).get(gathered).loadLane(2, 4).set(gathered);
  body.get(gathered).i32(0).loadByte(1).replaceLane(0).set(gathered);
  body.i32(16).get(gathered).storeVector();
  body.i32(32).get(gathered).vectorOf([5, 6, 7, 8])
    .shuffle([4, 5, 6, 7, 20, 21, 22, 23, 0, 1, 2, 3, 28, 29, 30, 31])
    .storeVector();
  body.i32(48).i32(0).loadSplat(4).storeVector();
  const words = run(body, [], [0x1234, 9]);
  assertEquals([...words.subarray(4, 16)], [
    ...[0x12, 2, 9, 4],
    ...[2, 6, 0x12, 8],
    ...[9, 9, 9, 9],
  ]);
});

Deno.test("FunctionBody.multiplyAdd: multiplies and adds", () => {
  const body = new FunctionBody(0);
  const factor = body.local("v128");
  body.splatFloat(3).set(factor);
  body.i32(0).splatFloat(2).multiplyAdd(factor, () => body.splatFloat(0.5))
    .storeVector();
  assertEquals(new Float32Array(run(body, []).buffer)[3], 6.5);
});

Deno.test("FunctionBody: loops and conditions run as often as they should", () => {
  for (const count of [0, 1, 7]) {
    const body = new FunctionBody(1);
    const counter = body.local("i32");
    const sum = body.local("i32");
    body.whileBelow(counter, () => body.get(0), () => {
      body.get(counter).i32(2).op("i32.rem_u").if(() => {
        body.get(sum).get(counter).op("i32.add").set(sum);
      });
      body.increase(counter, 1);
    });
    body.i32(0).get(sum).op("i32x4.splat").storeLane(0);
    const odd = [1, 3, 5].filter((i) => i < count);
    assertEquals(run(body, [count])[0], odd.reduce((a, b) => a + b, 0));
  }
});

Deno.test("ModuleWriter: functions call each other by reference", () => {
  const module = new ModuleWriter();
  const store = new FunctionBody(2);
  store.get(0).get(1).op("i32x4.splat").storeLane(0);
  const reference = module.add(store);
  const main = new FunctionBody(0);
  main.i32(8).i32(42).call(reference);
  module.export("run", module.add(main));
  const memory = new WebAssembly.Memory({
    initial: 1,
    maximum: 65536,
    shared: true,
  });
  const { exports } = new WebAssembly.Instance(
    new WebAssembly.Module(module.encode()),
    { env: { memory } },
  );
  if (!(exports.run instanceof Function)) throw new Error("no function");
  exports.run();
  assertEquals(new Int32Array(memory.buffer)[2], 42);
  assertThrows(
    () => module.import("late", 1),
    Error,
    "imports must come before",
  );
});

/** What must be refused where it is written, and what the message must say. */
const mistakes: Record<
  string,
  [(body: FunctionBody) => unknown, new () => Error, string]
> = {
  "an operand of another type": [
    (body) => body.i32(1).splatFloat(1).op("f32x4.add"),
    TypeError,
    "f32x4.add needs v128 on the stack, and there is i32",
  ],
  "a missing operand": [
    (body) => body.splatFloat(1).op("f32x4.mul"),
    TypeError,
    "f32x4.mul needs v128 on the stack, and there is nothing",
  ],
  "a number where a vector is counted": [
    (body) => body.splatBits(1).i32(2).op("i32.add"),
    TypeError,
    "i32.add needs i32 on the stack, and there is v128",
  ],
  "a shift by a vector": [
    (body) => body.splatBits(1).splatBits(1).op("i32x4.shl"),
    TypeError,
    "i32x4.shl needs i32",
  ],
  "a local set to another type": [
    (body) => body.splatBits(1).set(0),
    TypeError,
    "local.set needs i32 on the stack, and there is v128",
  ],
  "a local that does not exist": [
    (body) => body.get(5),
    RangeError,
    "there is no local 5",
  ],
  "a load without an address": [
    (body) => body.splatBits(1).loadVector(),
    TypeError,
    "v128.load needs i32",
  ],
  "a store without a value": [
    (body) => body.i32(0).storeVector(),
    TypeError,
    "v128.store needs v128 on the stack, and there is i32",
  ],
  "a call with too few arguments": [
    (body) => body.i32(0).call({ index: 0, parameters: 2 }),
    TypeError,
    "call needs i32 on the stack, and there is nothing",
  ],
  "a block that takes what is outside": [
    (body) => body.i32(1).i32(1).if(() => body.set(0)),
    TypeError,
    "local.set needs i32 on the stack, and there is nothing",
  ],
  "a block that leaves something": [
    (body) => body.i32(1).if(() => body.i32(1)),
    TypeError,
    "if ends with i32 left on the stack",
  ],
  "a loop that leaves something": [
    (body) => body.whileBelow(0, () => body.i32(1), () => body.splatBits(1)),
    TypeError,
    "loop ends with v128 left on the stack",
  ],
  "a function that leaves something": [
    (body) => body.splatBits(1).i32(1).encode(),
    TypeError,
    "the function ends with v128,i32 left on the stack",
  ],
  "a lane that a vector does not have": [
    (body) => body.i32(0).splatBits(0).storeLane(4),
    RangeError,
    "no lane 4",
  ],
  "a shuffle of 15 bytes": [
    (body) => body.splatBits(0).splatBits(0).shuffle(new Array(15).fill(0)),
    RangeError,
    "picks 16 of 32 bytes",
  ],
};

for (const [name, [write, error, message]] of Object.entries(mistakes)) {
  Deno.test(`FunctionBody: refuses ${name}`, () => {
    assertThrows(() => write(new FunctionBody(1)), error, message);
  });
}
