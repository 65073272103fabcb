import type { Device } from "../../engine/devices/device.ts";
import {
  sameShape,
  type Shape,
  sizeOf,
  type Storage,
} from "../../engine/graph/tensor.ts";
import { UserError } from "../../engine/user_error.ts";
import { namedStates } from "../../layers/module.ts";
import type { PackedParameters } from "../../layers/packing.ts";
import type { AdamW } from "../adamw.ts";
import type { StoredTensor } from "./safetensors_header.ts";

/** What a model consists of that is not trained further. */
export interface ModelState {
  /** The model; its states are part of what is kept. */
  readonly model: object;
  /** Its parameters. */
  readonly parameters: PackedParameters;
}

/** What a run consists of between two steps, besides its config and the number of steps done. */
export interface TrainingState extends ModelState {
  /** Holds the moments of the parameters. */
  readonly optimizer: AdamW;
}

type Tensors = Readonly<Record<string, StoredTensor>>;

/** A named part of a storage. */
interface Part {
  readonly name: string;
  readonly shape: Shape;
  readonly offset: number;
}

/** Where everything lies: parameters and moments by the name of the parameter, states by theirs. */
function layout(state: ModelState | TrainingState): Map<Storage, Part[]> {
  const { model, parameters } = state;
  const parts = (prefix: string) =>
    [...parameters.entries].map(([name, entry]) => ({
      name: prefix + name,
      ...entry,
    }));
  const moments: [Storage, Part[]][] = "optimizer" in state
    ? [
      [state.optimizer.firstMoment, parts("optimizer.firstMoment.")],
      [state.optimizer.secondMoment, parts("optimizer.secondMoment.")],
    ]
    : [];
  return new Map<Storage, Part[]>([
    [parameters.storage, parts("")],
    ...moments,
    ...[...namedStates(model)].map((
      [name, { storage, shape }],
    ): [Storage, Part[]] => [
      storage,
      [{ name, shape, offset: 0 }],
    ]),
  ]);
}

/** Where everything lies on a device, in the same order for equal models. */
export function storagesOf(state: ModelState | TrainingState): Storage[] {
  return [...layout(state).keys()];
}

/** Frees the memory of everything on the device; no program that uses it may run afterwards. */
export function releaseState(
  device: Device,
  state: ModelState | TrainingState,
): void {
  for (const storage of storagesOf(state)) device.release(storage);
}

/** Reads everything from the device, after all steps queued so far. */
export async function captureState(
  device: Device,
  state: ModelState | TrainingState,
): Promise<Tensors> {
  const tensors: Record<string, StoredTensor> = {};
  for (const [storage, parts] of layout(state)) {
    const content = await device.read(storage);
    for (const { name, shape, offset } of parts) {
      tensors[name] = {
        shape: [...shape],
        data: content.slice(offset, offset + sizeOf(shape)),
      };
    }
  }
  return tensors;
}

/**
 * Writes a captured state, or the part of it that is the model, back to the device.
 *
 * @throws {UserError} if a tensor is missing or has another shape.
 */
export async function restoreState(
  device: Device,
  state: ModelState | TrainingState,
  tensors: Tensors,
): Promise<void> {
  for (const [storage, parts] of layout(state)) {
    const content = new Float32Array(storage.size);
    for (const { name, shape, offset } of parts) {
      const tensor = tensors[name];
      if (!tensor || !fits(tensor.shape, shape)) {
        throw new UserError(
          `the checkpoint does not fit the model: ${name} is ` +
            `${tensor ? `[${tensor.shape}]` : "missing"}, not [${shape}]; ` +
            "resume with the config that the run was started with",
        );
      }
      content.set(tensor.data, offset);
    }
    await device.write(storage, content);
  }
}

/** Whether a stored tensor has a shape; earlier versions stored states flat. */
function fits(stored: Shape, shape: Shape): boolean {
  return sameShape(stored, shape) || sameShape(stored, [sizeOf(shape)]);
}
