import type {
  Device,
  DeviceLimits,
  Executable,
  HostArray,
} from "./devices/device.ts";
import { type Plan, planMemory } from "./compile/memory.ts";
import { type Assignment, schedule } from "./compile/schedule.ts";
import type { Tensor } from "./graph/tensor.ts";

/** What a program computes. */
export interface ProgramDefinition {
  /** Values to be read after a step. */
  readonly outputs?: readonly Tensor[];
  /** New values of storages, all computed from their old ones. */
  readonly assignments?: readonly Assignment[];
  /** `false` gives every value a kernel of its own: slow, for looking into a result. */
  readonly fused?: boolean;
}

/** Values for the inputs of a graph, by name. */
export type Feeds = Readonly<Record<string, HostArray>>;

/**
 * Fuses and plans, without a device: what a program does and where everything would lie.
 *
 * @throws {UserError} if a single buffer is larger than the limits allow.
 */
export function planProgram(
  definition: ProgramDefinition,
  limits: DeviceLimits,
): Plan {
  return planMemory(
    schedule(
      definition.outputs ?? [],
      definition.assignments ?? [],
      definition,
    ),
    limits,
  );
}

/** A graph that was traced once, compiled for a device, and is replayed with new inputs. */
export class Program {
  private constructor(
    /**
     * The kernels, and where everything lies.
     *
     * @internal
     */
    readonly plan: Plan,
    private readonly executable: Executable,
  ) {}

  /**
   * Fuses, plans and compiles.
   *
   * @throws {UserError} if the device cannot hold it.
   */
  static async compile(
    device: Device,
    definition: ProgramDefinition,
  ): Promise<Program> {
    const plan = planProgram(definition, device.limits);
    return new Program(plan, await device.compile(plan));
  }

  /** Queues one step; resolves when the inputs may be changed again. */
  async run(feeds: Feeds = {}): Promise<void> {
    this.#check(feeds);
    await this.executable.run(feeds);
  }

  /** The outputs of the last step. */
  async read(): Promise<HostArray[]> {
    const values: HostArray[] = [];
    for (const buffer of this.plan.outputs) {
      values.push(await this.executable.read(buffer));
    }
    return values;
  }

  /** One step, and its outputs. */
  async evaluate(feeds: Feeds = {}): Promise<HostArray[]> {
    await this.run(feeds);
    return await this.read();
  }

  /**
   * Runs one step kernel by kernel, without the assignments to storages that come last, and names
   * the first kernel whose result is not finite. Slow: for finding out what went wrong.
   */
  async firstNonFinite(feeds: Feeds = {}): Promise<string | undefined> {
    this.#check(feeds);
    for (const [i, { output }] of this.plan.dispatches.entries()) {
      await this.executable.run(feeds, i, i + 1);
      const values = await this.executable.read(output);
      if (!values.every(Number.isFinite)) return output.label;
    }
    return undefined;
  }

  /** Frees what belongs to this program alone. */
  destroy(): void {
    this.executable.destroy();
  }

  #check(feeds: Feeds): void {
    for (const [name, { size }] of this.plan.inputs) {
      if (feeds[name]?.length !== size) {
        throw new RangeError(
          `input ${name} needs ${size} values, not ${
            feeds[name]?.length ?? "none"
          }`,
        );
      }
    }
  }
}
