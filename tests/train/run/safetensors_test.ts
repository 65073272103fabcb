import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import {
  openSafetensors,
  readTensor,
  readTensors,
  writeSafetensors,
} from "../../../train/run/safetensors.ts";
import {
  DamagedFileError,
  type StoredTensor,
} from "../../../train/run/safetensors_header.ts";
import { assertRefusesPipe } from "../../datasets/files/pipe.ts";
import { withFolder } from "../folder.ts";
import { randomBytes, randomNumber, testWithSeed } from "../../random.ts";

/** What `safetensors.numpy.save` of Python writes for the tensors below. */
const FROM_PYTHON = Uint8Array.fromBase64(
  "AAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIjoiYnkgcHl0aG9uIn0sInciOnsiZHR5cGUiOiJGMzIiLCJzaGFw" +
    "ZSI6WzIsM10sImRhdGFfb2Zmc2V0cyI6WzAsMjRdfSwicyI6eyJkdHlwZSI6IlUzMiIsInNoYXBlIjpbXSwiZGF0YV9v" +
    "ZmZzZXRzIjpbMjQsMjhdfSwibiI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzI4LDMy" +
    "XX0sImIiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzMyLDM1XX19AADAPwAAAMAAAIA+" +
    "AABAQAAAgEAAAKDACQAAAAcAAAABAv8=",
);

const TENSORS: Record<string, StoredTensor> = {
  w: { shape: [2, 3], data: Float32Array.of(1.5, -2, 0.25, 3, 4, -5) },
  s: { shape: [], data: Uint32Array.of(9) },
  n: { shape: [1], data: Int32Array.of(7) },
  b: { shape: [3], data: Uint8Array.of(1, 2, 255) },
};

async function encode(
  tensors: Record<string, StoredTensor>,
  metadata?: Record<string, string>,
): Promise<Uint8Array> {
  const bytes: number[] = [];
  await writeSafetensors(
    {
      write: (part) => Promise.resolve(bytes.push(...part) && part.length),
    },
    tensors,
    metadata,
  );
  return Uint8Array.from(bytes);
}

async function decode(
  bytes: Uint8Array,
): Promise<Record<string, StoredTensor>> {
  let tensors = {};
  await withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/x.safetensors`, bytes);
    tensors = await readTensors(
      await openSafetensors(`${folder}/x.safetensors`),
    );
  });
  return tensors;
}

/** A file with the header given, of any kind, and `dataLength` bytes after it. */
function withHeader(header: unknown, dataLength: number): Uint8Array {
  const json = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + json.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

async function assertDamaged(bytes: Uint8Array, problem: string) {
  await withFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    await Deno.writeFile(path, bytes);
    const error = await assertRejects(
      () => openSafetensors(path),
      DamagedFileError,
      problem,
    );
    assertInstanceOf(error, UserError);
    assertEquals(error.message.includes(path), true);
  });
}

Deno.test("writeSafetensors: the bytes are those that the reference library writes", async () => {
  assertEquals(await encode(TENSORS, { made: "by python" }), FROM_PYTHON);
});

Deno.test("readTensors: a file of the reference library is read", async () => {
  assertEquals(await decode(FROM_PYTHON), TENSORS);
});

testWithSeed("readTensors: random tensors come back bit for bit", async () => {
  const random = (bytes: number) => randomBytes(bytes).buffer;
  const length = 1 + Math.floor(randomNumber(0, 1000));
  const tensors = {
    bytes: { shape: [length], data: new Uint8Array(random(length)) },
    integers: { shape: [2, length], data: new Int32Array(random(8 * length)) },
    "layers.0.weight": {
      shape: [length, 1, 3],
      data: new Uint32Array(random(12 * length)),
    },
    numbers: {
      shape: [4],
      data: Float32Array.of(NaN, -0, Infinity, randomNumber()),
    },
    part: {
      shape: [3],
      data: new Float32Array(random(64)).fill(randomNumber()).subarray(5, 8),
    },
    none: { shape: [0, 3], data: new Float32Array(0) },
    "naïve ✓": { shape: [1], data: Uint8Array.of(3) },
  };
  const decoded = await decode(await encode(tensors));
  assertEquals(decoded, tensors as Record<string, StoredTensor>);
  assertEquals(Object.is(decoded.numbers.data[1], -0), true);
});

Deno.test("writeSafetensors: tensors larger than a chunk come back", async () => {
  await withFolder(async (folder) => {
    const data = new Uint32Array(new SharedArrayBuffer(9_000_004)).map((_, i) =>
      i
    );
    {
      using file = await Deno.create(`${folder}/x.safetensors`);
      await writeSafetensors(file, { data: { shape: [data.length], data } });
    }
    const read = (await readTensors(
      await openSafetensors(`${folder}/x.safetensors`),
    )).data.data;
    assertEquals(read.length, data.length);
    assertEquals(data.every((value, i) => read[i] === value), true);
  });
});

Deno.test("readTensor: single tensors are read, side by side, and the file's text entries", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    await Deno.writeFile(path, FROM_PYTHON);
    const file = await openSafetensors(path);
    assertEquals(file.metadata, { made: "by python" });
    assertEquals([...file.tensors.keys()], ["w", "s", "n", "b"]);
    const names = ["b", "w", "n", "s"];
    assertEquals(
      await Promise.all(names.map((name) => readTensor(file, name))),
      names.map((name) => TENSORS[name]),
    );
    await assertRejects(
      () => readTensor(file, "v"),
      UserError,
      `${path} has no tensor named v`,
    );
  });
});

Deno.test("readTensors: leaves no file open", {
  sanitizeResources: true,
}, async () => {
  await decode(FROM_PYTHON);
});

Deno.test("readTensor: a tensor of another type is listed, and refused when it is read", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    await Deno.writeFile(
      path,
      withHeader({ a: { dtype: "BF16", shape: [2], data_offsets: [0, 4] } }, 4),
    );
    const file = await openSafetensors(path);
    assertEquals(file.tensors.get("a")?.dtype, "BF16");
    await assertRejects(
      () => readTensor(file, "a"),
      DamagedFileError,
      "is damaged: tensor a is of type BF16, not F32, I32, U32 or U8",
    );
  });
});

Deno.test("openSafetensors: what a name holds does not get through to the terminal", async () => {
  const name = `a\tb${"c".repeat(1000)}`;
  const tensor = { dtype: "F32", shape: [6, 3], data_offsets: [0, 24] };
  await assertDamaged(
    withHeader({ [name]: tensor }, 24),
    `tensor a\\x09b${
      "c".repeat(97)
    } of shape [6,3] and type F32 takes 24 bytes`,
  );
});

Deno.test("openSafetensors: a file cut short anywhere is refused", async () => {
  for (let length = 0; length < FROM_PYTHON.length; length++) {
    await assertDamaged(FROM_PYTHON.subarray(0, length), "is cut short");
  }
});

Deno.test("openSafetensors: a file with bytes after its tensors is refused", async () => {
  const longer = new Uint8Array(FROM_PYTHON.length + 1);
  longer.set(FROM_PYTHON);
  await assertDamaged(longer, "its tensors take 35 bytes, and 36 are there");
});

Deno.test("openSafetensors: a file of another format is refused", async () => {
  await assertDamaged(
    new TextEncoder().encode("a picture, or a long text"),
    "is not a safetensors file: its header would take",
  );
  await assertDamaged(withHeader("{not json", 0), "its header is not JSON");
  await assertDamaged(withHeader("[1]", 0), "its header");
  for (const dtype of ["x".repeat(10_000), "F\x1b[2J", ""]) {
    const tensor = { dtype, shape: [0], data_offsets: [0, 0] };
    await assertDamaged(
      withHeader({ a: tensor }, 0),
      "its header lacks what the format asks for",
    );
  }
  await assertDamaged(
    withHeader({ a: 1 }, 0),
    "its header lacks what the format asks for",
  );
});

Deno.test("openSafetensors: tensors that overlap, leave a gap or pass the end are refused", async () => {
  const tensor = (...data_offsets: number[]) => ({
    dtype: "U8",
    shape: [data_offsets[1] - data_offsets[0]],
    data_offsets,
  });
  await assertDamaged(
    withHeader({ a: tensor(0, 4), b: tensor(3, 8) }, 8),
    "tensor b lies at bytes 3 to 8 of the data where one should begin at 4",
  );
  await assertDamaged(
    withHeader({ b: tensor(5, 8), a: tensor(0, 4) }, 8),
    "tensor b lies at bytes 5 to 8 of the data where one should begin at 4",
  );
  await assertDamaged(
    withHeader({ a: tensor(0, 9) }, 8),
    "is cut short: its tensors take 9 bytes, and 8 are there",
  );
  await assertDamaged(
    withHeader({ a: tensor(0, 2 ** 53) }, 8),
    "its header lacks",
  );
  // of a type whose width is not known here
  const backwards = { dtype: "F16", shape: [], data_offsets: [8, 4] };
  await assertDamaged(
    withHeader({ a: tensor(0, 8), b: backwards }, 4),
    "tensor b lies at bytes 8 to 4 of the data where one should begin at 8",
  );
  await assertDamaged(
    withHeader({ a: { ...tensor(0, 8), shape: [7] } }, 8),
    "tensor a of shape [7] and type U8 takes 8 bytes",
  );
});

Deno.test("readTensors: an empty tensor may be listed after the one whose bytes follow", async () => {
  const bytes = withHeader({
    a: { dtype: "U8", shape: [2], data_offsets: [0, 2] },
    none: { dtype: "U8", shape: [0], data_offsets: [0, 0] },
  }, 2);
  assertEquals(await decode(bytes), {
    none: { shape: [0], data: new Uint8Array(0) },
    a: { shape: [2], data: new Uint8Array(2) },
  });
});

Deno.test("writeSafetensors: a tensor with another number of values than its shape is a mistake of the program", async () => {
  await assertRejects(
    () => encode({ a: { shape: [2, 2], data: new Float32Array(3) } }),
    RangeError,
    "tensor a of shape [2,2] has 3 values",
  );
});

Deno.test("openSafetensors: a file that is missing is refused by name", async () => {
  await assertRejects(
    () => openSafetensors("no.safetensors"),
    UserError,
    "cannot read no.safetensors: there is no such file or folder; check the path",
  );
});

Deno.test("openSafetensors: refuses a pipe", () =>
  assertRefusesPipe(openSafetensors));
