/**
 * A small writer of WebAssembly modules: enough for the kernels that are generated from
 * expressions. Numbers are from the WebAssembly core specification, chapter 5.
 */

/** Types of locals and parameters. */
export type ValueType = "i32" | "v128";

const valueTypes: Record<ValueType, number> = { i32: 0x7f, v128: 0x7b };

/** Opcodes without operands of their own. */
const plain = {
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.div_u": 0x6e,
  "i32.rem_u": 0x70,
  "i32.lt_u": 0x49,
  "i32.ge_u": 0x4f,
  "i32.and": 0x71,
} as const;

/** Opcodes behind the SIMD prefix. */
const simd = {
  "i32x4.splat": 17,
  "f32x4.splat": 19,
  "i32x4.eq": 55,
  "i32x4.lt_s": 57,
  "i32x4.lt_u": 58,
  "f32x4.eq": 65,
  "f32x4.ne": 66,
  "f32x4.lt": 67,
  "v128.not": 77,
  "v128.and": 78,
  "v128.or": 80,
  "v128.xor": 81,
  "v128.bitselect": 82,
  "f32x4.floor": 104,
  "f32x4.nearest": 106,
  "i16x8.extend_low_i8x16_u": 137,
  "i32x4.abs": 160,
  "i32x4.neg": 161,
  "i32x4.extend_low_i16x8_u": 169,
  "i32x4.shl": 171,
  "i32x4.shr_s": 172,
  "i32x4.shr_u": 173,
  "i32x4.add": 174,
  "i32x4.sub": 177,
  "i32x4.mul": 181,
  "i32x4.min_s": 182,
  "i32x4.min_u": 183,
  "i32x4.max_s": 184,
  "i32x4.max_u": 185,
  "i64x2.extmul_low_i32x4_u": 222,
  "i64x2.extmul_high_i32x4_u": 223,
  "f32x4.abs": 224,
  "f32x4.neg": 225,
  "f32x4.sqrt": 227,
  "f32x4.add": 228,
  "f32x4.sub": 229,
  "f32x4.mul": 230,
  "f32x4.div": 231,
  "f32x4.min": 232,
  "f32x4.max": 233,
  "i32x4.trunc_sat_f32x4_s": 248,
  "i32x4.trunc_sat_f32x4_u": 249,
  "f32x4.convert_i32x4_s": 250,
  "f32x4.convert_i32x4_u": 251,
} as const;

/** Name of an instruction without operands of its own. */
export type PlainInstruction = keyof typeof plain;
/** Name of a SIMD instruction without operands of its own. */
export type SimdInstruction = keyof typeof simd;

const SIMD_PREFIX = 0xfd;

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  do {
    const byte = value % 128;
    value = Math.floor(value / 128);
    bytes.push(value > 0 ? byte | 128 : byte);
  } while (value > 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  for (;;) {
    const byte = value & 127;
    value >>= 7;
    const done = (value === 0 && (byte & 64) === 0) ||
      (value === -1 && (byte & 64) !== 0);
    bytes.push(done ? byte : byte | 128);
    if (done) return bytes;
  }
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...unsigned(bytes.length), ...bytes];
}

/** The body of a function, written instruction by instruction. */
export class FunctionBody {
  readonly #code: number[] = [];
  readonly #locals: ValueType[] = [];
  readonly #parameters: number;

  /** A body of a function with so many i32 parameters and no result. */
  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  /** A new local variable. */
  local(type: ValueType): number {
    return this.#parameters + this.#locals.push(type) - 1;
  }

  // offsets of loads and stores are in bytes, at least 0

  get(local: number): this {
    return this.#emit(0x20, ...unsigned(local));
  }
  set(local: number): this {
    return this.#emit(0x21, ...unsigned(local));
  }
  tee(local: number): this {
    return this.#emit(0x22, ...unsigned(local));
  }
  i32(value: number): this {
    return this.#emit(0x41, ...signed(value | 0));
  }
  /** A vector of four times the same 32 bits. */
  splatBits(bits: number): this {
    const word = [
      bits & 255,
      (bits >>> 8) & 255,
      (bits >>> 16) & 255,
      bits >>> 24,
    ];
    return this.#emit(SIMD_PREFIX, 12, ...word, ...word, ...word, ...word);
  }
  /** A vector of four times the same f32. */
  splatFloat(value: number): this {
    return this.splatBits(new Uint32Array(new Float32Array([value]).buffer)[0]);
  }
  /** A vector of four i32. */
  vectorOf(words: readonly number[]): this {
    return this.#emit(
      SIMD_PREFIX,
      12,
      ...new Uint8Array(new Int32Array(words).buffer),
    );
  }
  op(name: PlainInstruction): this {
    return this.#emit(plain[name]);
  }
  simd(name: SimdInstruction): this {
    return this.#emit(SIMD_PREFIX, ...unsigned(simd[name]));
  }
  /** Picks bytes out of two vectors. */
  shuffle(bytes: readonly number[]): this {
    return this.#emit(SIMD_PREFIX, 13, ...bytes);
  }
  extractLane(lane: number): this {
    return this.#emit(SIMD_PREFIX, 27, lane);
  }
  replaceLane(lane: number): this {
    return this.#emit(SIMD_PREFIX, 28, lane);
  }
  loadByte(offset = 0): this {
    return this.#emit(0x2d, 0, ...unsigned(offset));
  }
  loadVector(offset = 0): this {
    return this.#emit(SIMD_PREFIX, 0, 2, ...unsigned(offset));
  }
  loadSplat(offset = 0): this {
    return this.#emit(SIMD_PREFIX, 9, 2, ...unsigned(offset));
  }
  loadLane(lane: number, offset = 0): this {
    return this.#emit(SIMD_PREFIX, 86, 2, ...unsigned(offset), lane);
  }
  storeVector(offset = 0): this {
    return this.#emit(SIMD_PREFIX, 11, 2, ...unsigned(offset));
  }
  storeLane(lane: number, offset = 0): this {
    return this.#emit(SIMD_PREFIX, 90, 2, ...unsigned(offset), lane);
  }
  call(index: number): this {
    return this.#emit(0x10, ...unsigned(index));
  }
  /** Runs `body` if the i32 on the stack is not 0. */
  if(body: () => void): this {
    this.#emit(0x04, 0x40);
    body();
    return this.#emit(0x0b);
  }
  /** Runs `body` while `counter < limit`; the body must raise the counter. `limit` pushes an i32. */
  whileBelow(counter: number, limit: () => void, body: () => void): this {
    this.#emit(0x02, 0x40, 0x03, 0x40);
    this.get(counter);
    limit();
    this.op("i32.ge_u").#emit(0x0d, 1);
    body();
    return this.#emit(0x0c, 0, 0x0b, 0x0b);
  }
  /** `local += value`. */
  increase(local: number, value: number): this {
    return this.get(local).i32(value).op("i32.add").set(local);
  }

  #emit(...bytes: number[]): this {
    for (const byte of bytes) this.#code.push(byte);
    return this;
  }

  /** The body as the code section holds it. */
  encode(): number[] {
    const locals = this.#locals.map((type) => [1, valueTypes[type]]);
    const body = [...vector(locals), ...this.#code, 0x0b];
    return [...unsigned(body.length), ...body];
  }
}

/** A module that imports one shared memory and functions, all of whose parameters are i32. */
export class ModuleWriter {
  readonly #types: number[] = [];
  readonly #imports: { name: string; type: number }[] = [];
  readonly #functions: { type: number; body: FunctionBody }[] = [];
  readonly #exports: { name: string; index: number }[] = [];

  #type(parameters: number): number {
    const known = this.#types.indexOf(parameters);
    return known >= 0 ? known : this.#types.push(parameters) - 1;
  }

  /** Imports a function; all imports come before the first function. */
  import(name: string, parameters: number): number {
    if (this.#functions.length > 0) {
      throw new Error("imports must come before functions");
    }
    return this.#imports.push({ name, type: this.#type(parameters) }) - 1;
  }

  /** Adds a function and returns its index. */
  add(parameters: number, body: FunctionBody): number {
    return this.#imports.length +
      this.#functions.push({ type: this.#type(parameters), body }) - 1;
  }

  /** Makes a function visible under `name`. */
  export(name: string, index: number): void {
    this.#exports.push({ name, index });
  }

  /** The binary module. It imports `env.memory` (shared, up to 4 GiB) and functions from `kernels`. */
  encode(): Uint8Array<ArrayBuffer> {
    const section = (
      id: number,
      content: number[],
    ) => [id, ...unsigned(content.length), ...content];
    const memory = [
      ...text("env"),
      ...text("memory"),
      0x02,
      0x03,
      ...unsigned(1),
      ...unsigned(65536),
    ];
    const imports = this.#imports.map(({ name, type }) => [
      ...text("kernels"),
      ...text(name),
      0x00,
      ...unsigned(type),
    ]);
    return new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(
        1,
        vector(
          this.#types.map((
            count,
          ) => [
            0x60,
            ...unsigned(count),
            ...new Array(count).fill(valueTypes.i32),
            0,
          ]),
        ),
      ),
      ...section(2, vector([memory, ...imports])),
      ...section(3, vector(this.#functions.map(({ type }) => unsigned(type)))),
      ...section(
        7,
        vector(
          this.#exports.map((
            { name, index },
          ) => [...text(name), 0x00, ...unsigned(index)]),
        ),
      ),
      ...section(10, vector(this.#functions.map(({ body }) => body.encode()))),
    ]);
  }
}
