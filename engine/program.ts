import type {
  CompileListener,
  Device,
  DeviceLimits,
  Executable,
  HostArray,
} from "./devices/device.ts";
import { MAX_FUSED_READS } from "./compile/fusion.ts";
import type { Buffer, Dispatch } from "./compile/kernel.ts";
import { type Plan, planMemory } from "./compile/memory.ts";
import { type Assignment, schedule } from "./compile/schedule.ts";
import type { Tensor } from "./graph/tensor.ts";
import { queueOf, type StepQueue } from "./step_queue.ts";

/** What a program computes. */
export interface ProgramDefinition {
  /** Values to be read after a step. */
  readonly outputs?: readonly Tensor[];
  /** New values of storages, all computed from their old ones. */
  readonly assignments?: readonly Assignment[];
  /** `false` gives every value a kernel of its own: slow, for debugging. */
  readonly fused?: boolean;
}

/** Values for the inputs of a graph, by name. */
export type Feeds = Readonly<Record<string, HostArray>>;

/**
 * Fuses and plans without a device: what a program does, and where everything would lie.
 *
 * @throws {UserError} if a single buffer is larger than the limits allow.
 */
export function planProgram(
  definition: ProgramDefinition,
  limits: DeviceLimits,
): Plan {
  return planMemory(
    schedule(definition.outputs ?? [], definition.assignments ?? [], {
      fused: definition.fused,
      // one buffer is the output
      maxReads: Math.min(limits.maxBuffersPerKernel - 1, MAX_FUSED_READS),
    }),
    limits,
  );
}

/**
 * A graph that was traced once, compiled for a device, and is replayed with new inputs. Steps of all
 * programs of a device run one after the other, in the order of the calls.
 */
export class Program {
  /** The dispatches that begin an exchange with other processes, or wait for one. */
  readonly #exchanges: number[] = [];
  /** Exchanges under way, by what they write. */
  readonly #pending = new Map<Buffer, Promise<void>>();

  private constructor(
    /**
     * The kernels, and where everything lies.
     *
     * @internal
     */
    readonly plan: Plan,
    private readonly executable: Executable,
    private readonly queue: StepQueue,
  ) {
    plan.dispatches.forEach(({ kernel }, i) => {
      if (isExchange(kernel)) this.#exchanges.push(i);
    });
  }

  /**
   * Fuses, plans and compiles.
   *
   * @param onKernel Called where kernels are compiled one by one, with WebGPU.
   * @throws {UserError} if the device cannot hold it.
   */
  static async compile(
    device: Device,
    definition: ProgramDefinition,
    onKernel?: CompileListener,
  ): Promise<Program> {
    const plan = planProgram(definition, device.limits);
    const queue = queueOf(device);
    // the memory that all programs share may grow, and lose what a program has yet to read
    const executable = await queue.evaluation(() =>
      device.compile(plan, onKernel)
    );
    return new Program(plan, executable, queue);
  }

  /**
   * Queues one step; resolves when the inputs may be changed again.
   *
   * @throws {RangeError} if an input is missing or has another number of values.
   */
  async run(feeds: Feeds = {}): Promise<void> {
    this.#check(feeds);
    await (this.#exchanges.length === 0
      ? this.queue.step(() => this.executable.run(feeds))
      : this.queue.evaluation(() => this.#run(feeds)));
  }

  /** The outputs of the last step; no other program of the device may have been compiled or run since. */
  async read(): Promise<HostArray[]> {
    return await this.queue.evaluation(() => this.#readOutputs());
  }

  /**
   * One step, and its outputs; nothing else runs in between.
   *
   * @throws {RangeError} if an input is missing or has another number of values.
   */
  async evaluate(feeds: Feeds = {}): Promise<HostArray[]> {
    this.#check(feeds);
    return await this.queue.evaluation(async () => {
      await this.#run(feeds);
      return await this.#readOutputs();
    });
  }

  /**
   * Runs one step kernel by kernel, and names the first kernel whose result is not finite; later ones
   * do not run, except where other processes wait for them. Slow: for finding out what went wrong.
   *
   * @throws {RangeError} if an input is missing or has another number of values.
   */
  async firstNonFinite(feeds: Feeds = {}): Promise<string | undefined> {
    this.#check(feeds);
    return await this.queue.evaluation(async () => {
      const { dispatches } = this.plan;
      // before the last of several that write one buffer, a part of it may be from an earlier step
      const lastWriters = new Map(
        dispatches.map(({ output }, i) => [output, i]),
      );
      let culprit: string | undefined;
      for (const [i, { output }] of dispatches.entries()) {
        await this.#run(feeds, i, i + 1);
        if (culprit !== undefined || lastWriters.get(output) !== i) continue;
        const values = await this.executable.read(output);
        if (values.every(Number.isFinite)) continue;
        culprit = output.label;
        // other processes wait for this one in later exchanges
        if (this.#exchanges.length === 0) break;
      }
      return culprit;
    });
  }

  /** Frees what belongs to this program alone. */
  destroy(): void {
    this.executable.destroy();
  }

  /** Runs the dispatches `from <= i < to`, in the segments between exchanges. */
  async #run(
    feeds: Feeds,
    from: number = 0,
    to: number = this.plan.dispatches.length,
  ): Promise<void> {
    let start = from;
    for (const i of this.#exchanges) {
      if (i < from || i >= to) continue;
      if (start < i || start === 0) await this.executable.run(feeds, start, i);
      await this.#exchange(this.plan.dispatches[i]);
      start = i + 1;
    }
    // without kernels too, for outputs that are inputs
    if (start < to || start === 0) {
      await this.executable.run(feeds, start, to);
    }
  }

  /** Begins an exchange, or waits for one. */
  async #exchange({ kernel, inputs, output }: Dispatch): Promise<void> {
    if (kernel.kind !== "collective") return await this.#pending.get(output);
    const { communicator, name } = kernel;
    const exchange = this.executable.exchange(
      inputs[0],
      output,
      (from, to) => communicator[name](from, to),
    );
    // an error is thrown by the wait
    exchange.catch(() => {});
    this.#pending.set(output, exchange);
  }

  async #readOutputs(): Promise<HostArray[]> {
    const values: HostArray[] = [];
    for (const buffer of this.plan.outputs) {
      values.push(await this.executable.read(buffer));
    }
    return values;
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

function isExchange({ kind }: Dispatch["kernel"]): boolean {
  return kind === "collective" || kind === "wait";
}
