/**
 * A small writer of WebAssembly modules: enough for the kernels that are generated from
 * expressions. Numbers are from the WebAssembly core specification, chapter 5.
 */

/** Whether the runtime can multiply and add with one rounding. */
const hasRelaxedSimd = WebAssembly.validate(
  new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    // a function of three vectors that gives one
    ...[1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b],
    ...[3, 2, 1, 0],
    // relaxed_madd of its parameters
    ...[10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 0x02, 0x0b],
  ]),
);

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
  "f32x4.pmin": 234,
  "f32x4.pmax": 235,
  "i32x4.trunc_sat_f32x4_s": 248,
  "i32x4.trunc_sat_f32x4_u": 249,
  "f32x4.convert_i32x4_s": 250,
  "f32x4.convert_i32x4_u": 251,
  "f32x4.relaxed_madd": 261,
} as const;

/** Name of an instruction without operands of its own. */
export type PlainInstruction = keyof typeof plain;
/** Name of a SIMD instruction without operands of its own. */
export type SimdInstruction = keyof typeof simd;

const SIMD_PREFIX = 0xfd;

/** Bytes that grow at their end. A training step is a module of a megabyte, so this is no array of numbers. */
class Bytes {
  #content = new Uint8Array(256);
  #length = 0;

  /** What has been appended so far. */
  get content(): Uint8Array<ArrayBuffer> {
    return this.#content.subarray(0, this.#length);
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#content[this.#length++] = value;
    return this;
  }

  all(values: ArrayLike<number>): this {
    this.#reserve(values.length);
    this.#content.set(values, this.#length);
    this.#length += values.length;
    return this;
  }

  unsigned(value: number): this {
    for (; value >= 128; value = Math.floor(value / 128)) {
      this.byte(value % 128 | 128);
    }
    return this.byte(value);
  }

  signed(value: number): this {
    // done when what is left is only the sign of the byte before
    for (; value < -64 || value > 63; value >>= 7) {
      this.byte(value & 127 | 128);
    }
    return this.byte(value & 127);
  }

  /** A list with its length in front. */
  list(items: readonly ArrayLike<number>[]): this {
    this.unsigned(items.length);
    items.forEach((item) => this.all(item));
    return this;
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.unsigned(bytes.length).all(bytes);
  }

  /** Bytes with their number in front. */
  sized(content: ArrayLike<number>): this {
    return this.unsigned(content.length).all(content);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#content.length) return;
    const larger = new Uint8Array(2 * (this.#length + bytes));
    larger.set(this.content);
    this.#content = larger;
  }
}

/** The body of a function, written instruction by instruction. */
export class FunctionBody {
  readonly #code = new Bytes();
  readonly #locals: ValueType[] = [];
  /** Locals that hold vectors, set at the beginning, by the words of the vectors. */
  readonly #constants = new Map<string, number>();
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
    return this.#operate(0x20, local);
  }
  set(local: number): this {
    return this.#operate(0x21, local);
  }
  tee(local: number): this {
    return this.#operate(0x22, local);
  }
  i32(value: number): this {
    this.#code.byte(0x41).signed(value | 0);
    return this;
  }
  /** A vector of four times the same 32 bits. */
  splatBits(bits: number): this {
    return this.vectorOf([bits, bits, bits, bits]);
  }
  /** A vector of four times the same f32. */
  splatFloat(value: number): this {
    return this.splatBits(new Uint32Array(new Float32Array([value]).buffer)[0]);
  }
  /** A vector of four i32. It is held in a local, since V8 puts a constant together anew at each use. */
  vectorOf(words: readonly number[]): this {
    const key = words.map((word) => word | 0).join();
    let local = this.#constants.get(key);
    if (local === undefined) {
      local = this.local("v128");
      this.#constants.set(key, local);
    }
    return this.get(local);
  }
  op(name: PlainInstruction): this {
    this.#code.byte(plain[name]);
    return this;
  }
  simd(name: SimdInstruction): this {
    this.#vector(simd[name]);
    return this;
  }
  /** Multiplies the f32x4 on the stack by that in a local and adds what `addend` pushes; rounded once where the runtime can. */
  multiplyAdd(factor: number, addend: () => void): this {
    this.get(factor);
    if (!hasRelaxedSimd) this.simd("f32x4.mul");
    addend();
    return this.simd(hasRelaxedSimd ? "f32x4.relaxed_madd" : "f32x4.add");
  }
  /** Picks bytes out of two vectors. */
  shuffle(bytes: readonly number[]): this {
    this.#vector(13).all(bytes);
    return this;
  }
  extractLane(lane: number): this {
    this.#vector(27).byte(lane);
    return this;
  }
  replaceLane(lane: number): this {
    this.#vector(28).byte(lane);
    return this;
  }
  loadByte(offset = 0): this {
    this.#code.byte(0x2d).byte(0).unsigned(offset);
    return this;
  }
  loadVector(offset = 0): this {
    this.#vector(0).byte(2).unsigned(offset);
    return this;
  }
  loadSplat(offset = 0): this {
    this.#vector(9).byte(2).unsigned(offset);
    return this;
  }
  loadLane(lane: number, offset = 0): this {
    this.#vector(86).byte(2).unsigned(offset).byte(lane);
    return this;
  }
  storeVector(offset = 0): this {
    this.#vector(11).byte(2).unsigned(offset);
    return this;
  }
  storeLane(lane: number, offset = 0): this {
    this.#vector(90).byte(2).unsigned(offset).byte(lane);
    return this;
  }
  call(index: number): this {
    return this.#operate(0x10, index);
  }
  /** Runs `body` if the i32 on the stack is not 0. */
  if(body: () => void): this {
    this.#code.all([0x04, 0x40]);
    body();
    this.#code.byte(0x0b);
    return this;
  }
  /** Runs `body` while `counter < limit`; the body must raise the counter. `limit` pushes an i32. */
  whileBelow(counter: number, limit: () => void, body: () => void): this {
    this.#code.all([0x02, 0x40, 0x03, 0x40]);
    this.get(counter);
    limit();
    this.op("i32.ge_u").#code.all([0x0d, 1]);
    body();
    this.#code.all([0x0c, 0, 0x0b, 0x0b]);
    return this;
  }
  /** `local += value`. */
  increase(local: number, value: number): this {
    return this.get(local).i32(value).op("i32.add").set(local);
  }

  #operate(opcode: number, index: number): this {
    this.#code.byte(opcode).unsigned(index);
    return this;
  }

  /** An opcode behind the SIMD prefix; its operands are to follow. */
  #vector(opcode: number): Bytes {
    return this.#code.byte(SIMD_PREFIX).unsigned(opcode);
  }

  /** The body as the code section holds it. */
  encode(): Uint8Array<ArrayBuffer> {
    const locals = this.#locals.map((type) => [1, valueTypes[type]]);
    const body = new Bytes().list(locals);
    for (const [words, local] of this.#constants) {
      const vector = new Int32Array(words.split(",").map(Number));
      body.byte(SIMD_PREFIX).unsigned(12).all(new Uint8Array(vector.buffer));
      body.byte(0x21).unsigned(local);
    }
    body.all(this.#code.content).byte(0x0b);
    return new Bytes().sized(body.content).content;
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
    const types = this.#types.map((count) => [
      0x60,
      ...new Bytes().unsigned(count).content,
      ...new Array<number>(count).fill(valueTypes.i32),
      0,
    ]);
    const memory = new Bytes().text("env").text("memory").all([0x02, 0x03])
      .unsigned(1).unsigned(65536);
    const imports = this.#imports.map(({ name, type }) =>
      new Bytes().text("kernels").text(name).byte(0).unsigned(type).content
    );
    const functions = this.#functions.map(({ type }) =>
      new Bytes().unsigned(type).content
    );
    const exports = this.#exports.map(({ name, index }) =>
      new Bytes().text(name).byte(0).unsigned(index).content
    );
    const code = this.#functions.map(({ body }) => body.encode());
    const sections: [id: number, items: readonly ArrayLike<number>[]][] = [
      [1, types],
      [2, [memory.content, ...imports]],
      [3, functions],
      [7, exports],
      [10, code],
    ];
    const module = new Bytes();
    module.all([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    for (const [id, items] of sections) {
      module.byte(id).sized(new Bytes().list(items).content);
    }
    return module.content;
  }
}
