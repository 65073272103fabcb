import type { DeviceChoice } from "../../engine/open_device.ts";
import { UserError } from "../../engine/user_error.ts";
import { nearest } from "../config/nearest.ts";
import type { TextOption } from "./arguments.ts";

const deviceChoices: readonly DeviceChoice[] = ["auto", "webgpu", "wasm"];

/** The option `--device` of commands that compute. */
export const deviceOption = {
  kind: "text",
  value: "NAME",
  default: "auto",
  help: "webgpu, wasm or auto: a GPU or else wasm",
} as const satisfies TextOption;

/**
 * The device that `--device` names.
 *
 * @throws {UserError} if there is none of that name.
 */
export function readDevice(name: string): DeviceChoice {
  const choice = deviceChoices.find((choice) => choice === name);
  if (choice) return choice;
  const near = nearest(name, deviceChoices);
  throw new UserError(
    `--device must be ${deviceChoices.join(", ")}, not ${
      JSON.stringify(name)
    }` +
      (near === undefined ? "" : `; did you mean ${near}?`),
  );
}
