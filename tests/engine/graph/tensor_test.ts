import { assertEquals, assertThrows } from "@std/assert";
import {
  broadcastShapes,
  checkShape,
  constant,
  input,
  rowMajorStrides,
  sameShape,
  sizeOf,
  Storage,
} from "../../../engine/graph/tensor.ts";

Deno.test("input, constant: refuse sizes that are not whole numbers of at least 1", () => {
  for (const size of [-1, 0, 1.5, NaN, Infinity]) {
    for (
      const make of [
        () => input("q", [2, size]),
        () => constant(1, [size]),
      ]
    ) {
      assertThrows(
        make,
        RangeError,
        `must be a whole number of at least 1, not ${size}`,
      );
    }
  }
  assertThrows(() => input("q", [-1]), RangeError, "input q");
  assertEquals(constant(2).size, 1);
});

Deno.test("Storage: refuses sizes, and first contents of another length or type", () => {
  for (const size of [0, -3, 2.5, NaN]) {
    assertThrows(() => new Storage("w", size), RangeError, "storage w");
  }
  assertThrows(
    () => new Storage("w", 4, "f32", new Float32Array(3)),
    RangeError,
    "storage w has 4 elements and cannot begin with 3",
  );
  assertThrows(
    () => new Storage("w", 4, "i32", new Float32Array(4)),
    TypeError,
    "storage w holds i32 and cannot begin with a Float32Array",
  );
  assertEquals(new Storage("w", 4, "u32", new Uint32Array(4)).size, 4);
});

Deno.test("Storage.tensor: refuses parts that are not inside the storage", () => {
  const storage = new Storage("w", 12);
  assertEquals(storage.tensor([2, 5], 2).size, 10);
  for (
    const [shape, offset] of [
      [[1000], 0],
      [[12], 1],
      [[2], -1],
      [[2], 0.5],
      [[2], NaN],
      [[-1], 0],
      [[NaN], 0],
    ] as const
  ) {
    assertThrows(() => storage.tensor(shape, offset), RangeError, "");
  }
  assertThrows(
    () => storage.tensor([1000]),
    RangeError,
    "[1000] at 0 is outside storage w of 12 elements",
  );
});

Deno.test("broadcastShapes: aligns at the last axis and repeats axes of size 1", () => {
  assertEquals(broadcastShapes([3, 1, 5], [4, 1]), [3, 4, 5]);
  assertEquals(broadcastShapes([], [2]), [2]);
  assertThrows(() => broadcastShapes([2], [3]), RangeError, "[2] and [3]");
});

Deno.test("rowMajorStrides, sizeOf, sameShape: the last axis is innermost", () => {
  assertEquals(rowMajorStrides([2, 3, 4]), [12, 4, 1]);
  assertEquals([sizeOf([2, 3, 4]), sizeOf([])], [24, 1]);
  assertEquals([sameShape([2], [2]), sameShape([2], [2, 1])], [true, false]);
});

Deno.test("constant: refuses what integer types cannot hold", () => {
  for (
    const [value, dtype] of [
      [1.5, "i32"],
      [2 ** 31, "i32"],
      [NaN, "i32"],
      [-1, "u32"],
      [2 ** 32, "u32"],
      [0.5, "u32"],
    ] as const
  ) {
    assertThrows(
      () => constant(value, [2], dtype),
      RangeError,
      `${value} cannot be a constant of ${dtype}`,
    );
  }
  for (const value of [-(2 ** 31), 0, -0, 2 ** 31 - 1]) {
    constant(value, [], "i32");
  }
  for (const value of [0, 2 ** 32 - 1]) constant(value, [], "u32");
  for (const value of [0.5, -Infinity, NaN]) constant(value);
});

Deno.test("checkShape: takes sizes, names of free sizes, and any leading axes", () => {
  const x = input("x", [4, 3, 2]);
  for (
    const expected of [[4, 3, 2], ["n", 3, "width"], ["...", 2], [
      "...",
      4,
      3,
      2,
    ]]
  ) {
    checkShape(x, expected, "x");
  }
  for (
    const expected of [[4, 3], [4, 3, 1], ["n", "width"], ["...", 3], [
      "...",
      "n",
      4,
      3,
      2,
    ]]
  ) {
    assertThrows(
      () => checkShape(x, expected, "the input"),
      RangeError,
      `the input must be [${expected}], not [4,3,2]`,
    );
  }
});
