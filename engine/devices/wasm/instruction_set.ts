/** Types of values: numbers, and vectors of 128 bits. */
export type ValueType = "i32" | "v128";

/** Codes of the types. */
export const valueTypes: Record<ValueType, number> = { i32: 0x7f, v128: 0x7b };

/** What an instruction takes from the stack, the top last, and what it leaves there. */
export interface Signature {
  readonly operands: readonly ValueType[];
  readonly result?: ValueType;
}

const integerBinary: Signature = { operands: ["i32", "i32"], result: "i32" };
/** From an address or number to a vector. */
export const splat: Signature = { operands: ["i32"], result: "v128" };
const shift: Signature = { operands: ["v128", "i32"], result: "v128" };
const unary: Signature = { operands: ["v128"], result: "v128" };
/** From two vectors to one. */
export const binary: Signature = { operands: ["v128", "v128"], result: "v128" };
const ternary: Signature = {
  operands: ["v128", "v128", "v128"],
  result: "v128",
};

/** Instructions without immediate operands: opcode (behind the SIMD prefix for vectors) and signature. */
export const instructions = {
  "i32.lt_u": [0x49, integerBinary],
  "i32.ge_u": [0x4f, integerBinary],
  "i32.add": [0x6a, integerBinary],
  "i32.sub": [0x6b, integerBinary],
  "i32.mul": [0x6c, integerBinary],
  "i32.div_u": [0x6e, integerBinary],
  "i32.rem_u": [0x70, integerBinary],
  "i32.and": [0x71, integerBinary],
  "i32x4.splat": [17, splat],
  "i32x4.eq": [55, binary],
  "i32x4.lt_s": [57, binary],
  "i32x4.lt_u": [58, binary],
  "f32x4.eq": [65, binary],
  "f32x4.ne": [66, binary],
  "f32x4.lt": [67, binary],
  "f32x4.le": [69, binary],
  "v128.not": [77, unary],
  "v128.and": [78, binary],
  "v128.or": [80, binary],
  "v128.xor": [81, binary],
  "v128.bitselect": [82, ternary],
  "f32x4.floor": [104, unary],
  "f32x4.nearest": [106, unary],
  "i16x8.extend_low_i8x16_u": [137, unary],
  "i32x4.abs": [160, unary],
  "i32x4.neg": [161, unary],
  "i32x4.extend_low_i16x8_u": [169, unary],
  "i32x4.shl": [171, shift],
  "i32x4.shr_s": [172, shift],
  "i32x4.shr_u": [173, shift],
  "i32x4.add": [174, binary],
  "i32x4.sub": [177, binary],
  "i32x4.mul": [181, binary],
  "i32x4.min_s": [182, binary],
  "i32x4.min_u": [183, binary],
  "i32x4.max_s": [184, binary],
  "i32x4.max_u": [185, binary],
  "i64x2.extmul_low_i32x4_u": [222, binary],
  "i64x2.extmul_high_i32x4_u": [223, binary],
  "f32x4.abs": [224, unary],
  "f32x4.neg": [225, unary],
  "f32x4.sqrt": [227, unary],
  "f32x4.add": [228, binary],
  "f32x4.sub": [229, binary],
  "f32x4.mul": [230, binary],
  "f32x4.div": [231, binary],
  "f32x4.min": [232, binary],
  "f32x4.max": [233, binary],
  "f32x4.pmin": [234, binary],
  "f32x4.pmax": [235, binary],
  "i32x4.trunc_sat_f32x4_s": [248, unary],
  "i32x4.trunc_sat_f32x4_u": [249, unary],
  "f32x4.convert_i32x4_s": [250, unary],
  "f32x4.convert_i32x4_u": [251, unary],
  "f32x4.relaxed_madd": [261, ternary],
} as const satisfies Record<string, readonly [number, Signature]>;

/** Name of an instruction without immediate operands. */
export type Instruction = keyof typeof instructions;
