import { sameShape, sizeOf } from "../../engine/graph/tensor.ts";
import { UserError } from "../../engine/user_error.ts";
import { namedStates } from "../../layers/module.ts";
import type { BuiltModel } from "../build_model.ts";
import type { StoredTensor } from "../run/safetensors_header.ts";

type Tensors = Readonly<Record<string, StoredTensor>>;

/**
 * Picks a model's parameters and running statistics from among other tensors.
 *
 * @param source Names where the tensors come from in errors.
 * @throws {UserError} if one is missing or has another shape.
 */
export function modelTensors(
  { model, parameters }: BuiltModel,
  tensors: Tensors,
  source: string,
): Tensors {
  const picked: Record<string, StoredTensor> = {};
  const pick = (name: string, fits: (tensor: StoredTensor) => boolean) => {
    const tensor = tensors[name];
    if (tensor && fits(tensor)) picked[name] = tensor;
    else {
      throw new UserError(
        `${source} does not fit the model that it describes: ${name} is ${
          tensor ? `of shape [${tensor.shape}]` : "missing"
        }`,
      );
    }
  };
  for (const [name, { shape }] of parameters.entries) {
    pick(name, (tensor) => sameShape(tensor.shape, shape));
  }
  for (const [name, { storage }] of namedStates(model)) {
    pick(name, ({ shape }) => sizeOf(shape) === storage.size);
  }
  return picked;
}
