import { assertThrows } from "@std/assert";
import { input, type Tensor } from "../../../engine/graph/tensor.ts";
import {
  cast,
  divide,
  floor,
  multiply,
  subtract,
} from "../../../engine/ops/elementwise.ts";
import { iota } from "../../../engine/ops/iota.ts";
import { gather, scatterAdd } from "../../../engine/ops/indexing.ts";
import { randomArray } from "../../random.ts";
import { checkForward, checkOperations } from "../compare.ts";
import { testOnDevices } from "../devices.ts";

testOnDevices(
  "gather, scatterAdd: values and gradients agree with float64",
  (device) =>
    checkOperations(
      device,
      [[5, 1, 1], [13, 64, 7], [300, 1000, 5]].flatMap((
        [rows, count, width],
      ) => [
        {
          name: `gather ${count} of ${rows} rows`,
          shapes: [[rows, width]],
          operation: (table) => gather(table, positions(count, rows)),
        },
        {
          name: `scatterAdd ${count} updates to ${rows} rows`,
          shapes: [[count, width]],
          operation: (updates) =>
            scatterAdd(rows, positions(count, rows), updates),
        },
      ]),
    ),
);

/** Spread-out positions with repetitions: the squares modulo the number of rows. */
function positions(count: number, rows: number): Tensor {
  const n = iota([count], 0, "f32");
  const squares = multiply(n, n);
  return cast(
    subtract(squares, multiply(floor(divide(squares, rows)), rows)),
    "i32",
  );
}

testOnDevices(
  "gather, scatterAdd: gradients of indices outside the table go to the row that was read, or nowhere",
  (device) => {
    const indices = cast(subtract(iota([9], 0, "f32"), 2), "i32");
    return checkOperations(device, [
      {
        name: "gather",
        shapes: [[5, 3]],
        operation: (table) => gather(table, indices),
      },
      {
        name: "scatterAdd",
        shapes: [[9, 3]],
        operation: (updates) => scatterAdd(5, indices, updates),
      },
    ]);
  },
);

testOnDevices(
  "gather, scatterAdd: indices outside the table are clamped, or left out",
  async (device) => {
    const table = input("table", [7, 3]);
    const indices = input("indices", [11], "i32");
    const updates = input("updates", [11, 3]);
    await checkForward(device, [
      gather(table, indices),
      scatterAdd(7, indices, updates),
    ], {
      table: randomArray(21),
      indices: new Int32Array([0, 6, 6, 3, -2, 9, 3, 3, 1, 0, 5]),
      updates: randomArray(33),
    });
  },
);

Deno.test("gather, scatterAdd: refuse tables, indices and updates that do not fit", () => {
  const table = input("table", [7, 3]);
  const indices = input("indices", [4], "i32");
  const updates = input("updates", [4, 3]);
  const refused: [() => unknown, string][] = [
    [() => gather(input("scalar", []), indices), "table of rows"],
    [() => gather(input("bytes", [7], "u8"), indices), "table of rows"],
    [() => gather(table, input("i", [4])), "i32 indices"],
    [() => gather(table, input("i", [2, 2], "i32")), "list of i32"],
    [() => scatterAdd(0, indices, updates), "number of rows"],
    [() => scatterAdd(1.5, indices, updates), "number of rows"],
    [() => scatterAdd(7, input("i", [4]), updates), "one i32 index"],
    [() => scatterAdd(7, indices, input("u", [5, 3])), "one i32 index"],
    [() => scatterAdd(7, input("i", [], "i32"), input("u", [])), "one i32"],
  ];
  for (const [call, message] of refused) {
    assertThrows(call, RangeError, message);
  }
  assertThrows(
    () => scatterAdd(7, indices, input("u", [4, 3], "i32")),
    TypeError,
    "f32 updates",
  );
});
