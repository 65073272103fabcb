import type { ScalarType } from "../../compile/expression.ts";
import type {
  BinaryName,
  BinaryNameOf,
  UnaryName,
  UnaryNameOf,
} from "../../ops/elementwise_operations.ts";
import type { FunctionBody } from "./assembler.ts";
import type { Instruction } from "./instruction_set.ts";
import { emitErf, emitExp, emitLog, emitTanh } from "./vector_math.ts";

/** Emits a function of the vectors in locals, and leaves the result on the stack. */
type Emitter = (body: FunctionBody, ...operands: number[]) => void;

const instruction = (name: Instruction): Emitter => (body, ...operands) => {
  operands.forEach((operand) => body.get(operand));
  body.op(name);
};

/** A comparison gives a mask of all ones, of which the bits of the number 1 are kept. */
const comparison =
  (name: Instruction, one: number): Emitter => (body, a, b) => {
    body.get(a).get(b).op(name).splatBits(one).op("v128.and");
  };

const FLOAT_ONE = 0x3f800000;
const EXPONENT_MASK = 0x7f800000;

/** What each element type can do, and no more: anything else is refused when a graph is made. */
const unaryEmitters: Record<ScalarType, Partial<Record<UnaryName, Emitter>>> = {
  f32: {
    negate: instruction("f32x4.neg"),
    exp: emitExp,
    log: emitLog,
    sqrt: instruction("f32x4.sqrt"),
    tanh: emitTanh,
    erf: emitErf,
    abs: instruction("f32x4.abs"),
    floor: instruction("f32x4.floor"),
    isFinite: (body, x) => {
      // the exponent is not all ones; signed comparison is right, since the sign bit is masked
      body.get(x).splatBits(EXPONENT_MASK).op("v128.and")
        .splatBits(EXPONENT_MASK).op("i32x4.lt_s")
        .splatBits(FLOAT_ONE).op("v128.and");
    },
  } satisfies Record<UnaryNameOf<"f32">, Emitter>,
  i32: {
    negate: instruction("i32x4.neg"),
    abs: instruction("i32x4.abs"),
  } satisfies Record<UnaryNameOf<"i32">, Emitter>,
  u32: {} satisfies Record<UnaryNameOf<"u32">, Emitter>,
};

const binaryEmitters: Record<
  ScalarType,
  Partial<Record<BinaryName, Emitter>>
> = {
  f32: {
    add: instruction("f32x4.add"),
    subtract: instruction("f32x4.sub"),
    multiply: instruction("f32x4.mul"),
    divide: instruction("f32x4.div"),
    maximum: instruction("f32x4.max"),
    minimum: instruction("f32x4.min"),
    less: comparison("f32x4.lt", FLOAT_ONE),
    equal: comparison("f32x4.eq", FLOAT_ONE),
  } satisfies Record<BinaryNameOf<"f32">, Emitter>,
  i32: {
    add: instruction("i32x4.add"),
    subtract: instruction("i32x4.sub"),
    multiply: instruction("i32x4.mul"),
    maximum: instruction("i32x4.max_s"),
    minimum: instruction("i32x4.min_s"),
    less: comparison("i32x4.lt_s", 1),
    equal: comparison("i32x4.eq", 1),
  } satisfies Record<BinaryNameOf<"i32">, Emitter>,
  u32: {
    add: instruction("i32x4.add"),
    subtract: instruction("i32x4.sub"),
    multiply: instruction("i32x4.mul"),
    maximum: instruction("i32x4.max_u"),
    minimum: instruction("i32x4.min_u"),
    less: comparison("i32x4.lt_u", 1),
    equal: comparison("i32x4.eq", 1),
  } satisfies Record<BinaryNameOf<"u32">, Emitter>,
};

/** The elementwise function of one argument. */
export function unaryEmitter(name: UnaryName, dtype: ScalarType): Emitter {
  return defined(unaryEmitters[dtype][name], name, dtype);
}

/** The elementwise function of two arguments. */
export function binaryEmitter(name: BinaryName, dtype: ScalarType): Emitter {
  return defined(binaryEmitters[dtype][name], name, dtype);
}

/**
 * `maximum` or `minimum` of an f32 and a constant bound: one machine instruction instead of seven. Like
 * the general ones it lets a NaN of `x` through.
 */
export function boundEmitter(name: "maximum" | "minimum"): Emitter {
  return instruction(name === "maximum" ? "f32x4.pmax" : "f32x4.pmin");
}

/** Converts the vector in a local to another type; what does not fit saturates, NaN becomes 0. */
export function castEmitter(from: ScalarType, to: ScalarType): Emitter {
  if (from === "f32" && to !== "f32") {
    return instruction(`i32x4.trunc_sat_f32x4_${to === "i32" ? "s" : "u"}`);
  }
  if (from !== "f32" && to === "f32") {
    return instruction(`f32x4.convert_i32x4_${from === "i32" ? "s" : "u"}`);
  }
  return (body, x) => body.get(x);
}

function defined(
  emitter: Emitter | undefined,
  name: string,
  dtype: ScalarType,
): Emitter {
  if (!emitter) throw new TypeError(`${name} is not defined for ${dtype}`);
  return emitter;
}
