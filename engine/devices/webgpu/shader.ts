import type { Shape } from "../../graph/tensor.ts";

/** Threads of a workgroup in kernels without tiles. */
export const THREADS = 256;
/** Most workgroups along one axis of a dispatch that every WebGPU device supports. */
const MAX_WORKGROUPS = 65535;

/** One shader and how many workgroups run it. */
export interface Pass {
  /** WGSL without the declarations of the buffers. */
  readonly code: string;
  /** Workgroups along x and y. */
  readonly workgroups: readonly [number, number];
}

/** The passes of one dispatch, which share its bindings. */
export interface Lowered {
  /** Run one after the other. */
  readonly passes: readonly Pass[];
  /** Scratch memory, the array `scratch` in WGSL. */
  readonly scratch?: {
    readonly type: "f32" | "vec2<u32>";
    readonly size: number;
  };
}

/**
 * A shader of `groups` workgroups; its body sees their number as `group` and the thread in it as
 * `local`. More workgroups than fit along one axis are folded into two.
 */
export function workgroupPass(
  groups: number,
  threads: number,
  body: string,
  declarations = "",
): Pass {
  const rows = Math.ceil(groups / MAX_WORKGROUPS);
  const columns = Math.ceil(groups / rows);
  const code = `${declarations}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = workgroup.y * ${columns}u + workgroup.x;
  if (group >= ${groups}u) { return; }
${body}
}`;
  return { code, workgroups: [columns, rows] };
}

/** A shader of one thread per element; its body sees the number of the element as `id`. */
export function elementPass(
  count: number,
  body: string,
  declarations = "",
): Pass {
  const guarded = `  let id = group * ${THREADS}u + local;
  if (id >= ${count}u) { return; }
${body}`;
  return workgroupPass(
    Math.ceil(count / THREADS),
    THREADS,
    guarded,
    declarations,
  );
}

/** WGSL that splits `position`, in a row-major array of `sizes`, into the variables `names`. */
export function unravel(
  position: string,
  sizes: Shape,
  names: readonly string[],
): string {
  let inner = 1;
  const lines = names.map((_, i) => {
    const axis = names.length - 1 - i;
    const outer = inner === 1 ? position : `${position} / ${inner}u`;
    inner *= sizes[axis];
    return `let ${names[axis]} = ${
      axis === 0 ? outer : `${outer} % ${sizes[axis]}u`
    };`;
  });
  return lines.reverse().join("\n");
}

/** Minus infinity, for which WGSL has no literal; needs {@linkcode INFINITY}. */
export const LOWEST = "-bitcast<f32>(infinity)";
/** Declares the bits of infinity as a variable, because WGSL rejects a constant that is infinite. */
export const INFINITY = "var<private> infinity: u32 = 0x7f800000u;";
