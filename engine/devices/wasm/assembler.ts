/**
 * An assembler for the subset of WebAssembly that generated kernels use. Encodings are those of the
 * core specification, chapter 5; stack types are checked as its chapter 3 says.
 */

import { Bytes } from "./bytes.ts";
import {
  binary,
  type Instruction,
  instructions,
  type Signature,
  splat,
  type ValueType,
  valueTypes,
} from "./instruction_set.ts";

/** Whether the runtime has relaxed SIMD: multiply-add, rounded once where the processor can. */
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

const SIMD_PREFIX = 0xfd;

/** A function that bodies can call; all its parameters are i32, and it has no result. */
export interface FunctionReference {
  readonly index: number;
  readonly parameters: number;
}

/**
 * The body of a function, written instruction by instruction. The types on the stack are followed as
 * in validation, so that a mistake throws where it is made and not where the module is compiled.
 */
export class FunctionBody {
  /** Number of parameters, all i32. */
  readonly parameters: number;
  readonly #code = new Bytes();
  /** Types of the parameters and of the locals that follow them. */
  readonly #locals: ValueType[];
  /** Locals that hold vectors, set at the beginning, by the words of the vectors. */
  readonly #constants = new Map<string, number>();
  readonly #stack: ValueType[] = [];
  /** Height of the stack where the innermost block begins; what is below belongs to others. */
  #floor = 0;

  /** The body of a function with `parameters` i32 parameters and no result. */
  constructor(parameters: number) {
    this.parameters = parameters;
    this.#locals = new Array<ValueType>(parameters).fill("i32");
  }

  /** A new local variable. */
  local(type: ValueType): number {
    return this.#locals.push(type) - 1;
  }

  get(local: number): this {
    this.#push(this.#typeOf(local));
    return this.#operate(0x20, local);
  }
  set(local: number): this {
    this.#pop("local.set", this.#typeOf(local));
    return this.#operate(0x21, local);
  }
  i32(value: number): this {
    this.#push("i32");
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
  /** A vector of four i32. It is held in a local, since V8 would build a constant anew at each use. */
  vectorOf(words: readonly number[]): this {
    const key = words.map((word) => word | 0).join();
    let local = this.#constants.get(key);
    if (local === undefined) {
      local = this.local("v128");
      this.#constants.set(key, local);
    }
    return this.get(local);
  }
  op(name: Instruction): this {
    const [opcode, { operands, result }] = instructions[name];
    for (let i = operands.length - 1; i >= 0; i--) {
      this.#pop(name, operands[i]);
    }
    this.#push(result);
    if (result === "v128") this.#code.byte(SIMD_PREFIX);
    this.#code.unsigned(opcode);
    return this;
  }
  /** Multiplies the f32x4 on the stack by that in a local and adds what `addend` pushes; rounded once where the runtime can. */
  multiplyAdd(factor: number, addend: () => void): this {
    this.get(factor);
    if (!hasRelaxedSimd) this.op("f32x4.mul");
    addend();
    return this.op(hasRelaxedSimd ? "f32x4.relaxed_madd" : "f32x4.add");
  }
  /** Picks 16 bytes out of the 32 of two vectors. */
  shuffle(bytes: readonly number[]): this {
    if (bytes.length !== 16 || !bytes.every((byte) => byte >= 0 && byte < 32)) {
      throw new RangeError(
        `i8x16.shuffle picks 16 of 32 bytes, not [${bytes}]`,
      );
    }
    this.#vector("i8x16.shuffle", 13, binary).all(bytes);
    return this;
  }
  replaceLane(lane: number): this {
    const signature = { operands: ["v128", "i32"], result: "v128" } as const;
    this.#vector("i32x4.replace_lane", 28, signature).byte(laneIndex(lane));
    return this;
  }

  // loads pop an address, stores an address and a vector; offsets are in bytes, at least 0

  /** One byte, as an i32. */
  loadByte(offset = 0): this {
    this.#pop("i32.load8_u", "i32");
    this.#push("i32");
    this.#code.byte(0x2d).byte(0).unsigned(offset);
    return this;
  }
  loadVector(offset = 0): this {
    return this.#access("v128.load", 0, splat, offset);
  }
  loadSplat(offset = 0): this {
    return this.#access("v128.load32_splat", 9, splat, offset);
  }
  /** Loads one lane of the vector on top of the address. */
  loadLane(lane: number, offset = 0): this {
    const signature = { operands: ["i32", "v128"], result: "v128" } as const;
    this.#access("v128.load32_lane", 86, signature, offset);
    this.#code.byte(laneIndex(lane));
    return this;
  }
  storeVector(offset = 0): this {
    return this.#access(
      "v128.store",
      11,
      { operands: ["i32", "v128"] },
      offset,
    );
  }
  storeLane(lane: number, offset = 0): this {
    const signature = { operands: ["i32", "v128"] } as const;
    this.#access("v128.store32_lane", 90, signature, offset);
    this.#code.byte(laneIndex(lane));
    return this;
  }
  call({ index, parameters }: FunctionReference): this {
    for (let i = 0; i < parameters; i++) this.#pop("call", "i32");
    return this.#operate(0x10, index);
  }
  /** Runs `body` if the i32 on the stack is not 0. */
  if(body: () => void): this {
    this.#pop("if", "i32");
    this.#code.all([0x04, 0x40]);
    this.#block("if", body);
    this.#code.byte(0x0b);
    return this;
  }
  /** Runs `body` while `counter < limit`; the body must raise the counter. `limit` pushes an i32. */
  whileBelow(counter: number, limit: () => void, body: () => void): this {
    this.#code.all([0x02, 0x40, 0x03, 0x40]);
    this.#block("loop", () => {
      this.get(counter);
      limit();
      this.op("i32.ge_u").#pop("br_if", "i32");
      this.#code.all([0x0d, 1]);
      body();
    });
    this.#code.all([0x0c, 0, 0x0b, 0x0b]);
    return this;
  }
  /** `local += value`. */
  increase(local: number, value: number): this {
    return this.get(local).i32(value).op("i32.add").set(local);
  }

  #typeOf(local: number): ValueType {
    const type = this.#locals[local];
    if (!type) throw new RangeError(`there is no local ${local}`);
    return type;
  }

  #push(type: ValueType | undefined): void {
    if (type) this.#stack.push(type);
  }

  #pop(instruction: string, type: ValueType): void {
    const found = this.#stack.length > this.#floor
      ? this.#stack.pop()
      : "nothing";
    if (found !== type) {
      throw new TypeError(
        `${instruction} needs ${type} on the stack, and there is ${found}`,
      );
    }
  }

  /** Writes a block, which must leave the stack as it found it. */
  #block(instruction: string, body: () => void): void {
    const floor = this.#floor;
    this.#floor = this.#stack.length;
    body();
    this.#checkEmpty(instruction);
    this.#floor = floor;
  }

  #checkEmpty(instruction: string): void {
    const rest = this.#stack.slice(this.#floor);
    if (rest.length > 0) {
      throw new TypeError(`${instruction} ends with ${rest} left on the stack`);
    }
  }

  #operate(opcode: number, index: number): this {
    this.#code.byte(opcode).unsigned(index);
    return this;
  }

  /** An opcode behind the SIMD prefix; its immediate operands are to follow. */
  #vector(
    name: string,
    opcode: number,
    { operands, result }: Signature,
  ): Bytes {
    for (let i = operands.length - 1; i >= 0; i--) {
      this.#pop(name, operands[i]);
    }
    this.#push(result);
    return this.#code.byte(SIMD_PREFIX).unsigned(opcode);
  }

  /** A load or store of a vector, or of 32 bits of it, aligned to 4 bytes. */
  #access(
    name: string,
    opcode: number,
    signature: Signature,
    offset: number,
  ): this {
    this.#vector(name, opcode, signature).byte(2).unsigned(offset);
    return this;
  }

  /** The body as the code section holds it. */
  encode(): Uint8Array<ArrayBuffer> {
    this.#checkEmpty("the function");
    const locals = this.#locals.slice(this.parameters).map((type) => [
      1,
      valueTypes[type],
    ]);
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

function laneIndex(lane: number): number {
  if (lane >= 0 && lane < 4) return lane;
  throw new RangeError(`a vector has lanes 0 to 3 and no lane ${lane}`);
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
  import(name: string, parameters: number): FunctionReference {
    if (this.#functions.length > 0) {
      throw new Error("imports must come before functions");
    }
    const type = this.#type(parameters);
    return { index: this.#imports.push({ name, type }) - 1, parameters };
  }

  /** Adds a function. */
  add(body: FunctionBody): FunctionReference {
    const { parameters } = body;
    const type = this.#type(parameters);
    const index = this.#imports.length +
      this.#functions.push({ type, body }) - 1;
    return { index, parameters };
  }

  /** Makes a function visible under `name`. */
  export(name: string, { index }: FunctionReference): void {
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
