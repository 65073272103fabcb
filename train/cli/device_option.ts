import type { DeviceChoice, openDevice } from "../../engine/open_device.ts";
import { UserError } from "../../engine/user_error.ts";
import { nearest } from "../config/nearest.ts";
import type { Option } from "./arguments.ts";

const deviceChoices: readonly DeviceChoice[] = ["auto", "webgpu", "wasm"];

/** More are not started, as each has its own memory. */
const MAX_THREADS = 256;

/** The options of commands that compute. */
export const deviceOptions = {
  device: {
    kind: "text",
    value: "NAME",
    default: "auto",
    help: "webgpu, wasm or auto: a GPU or else wasm",
  },
  threads: {
    kind: "integer",
    value: "N",
    help: "threads of wasm; by default one per processor",
  },
} as const satisfies Record<string, Option>;

/** The values of {@linkcode deviceOptions}. */
interface DeviceValues {
  readonly device: string;
  readonly threads?: number;
}

/**
 * What `openDevice` is to be called with for the options of a command.
 *
 * @throws {UserError} There is no device of that name, it takes no threads, or not that many.
 */
export function readDevice(
  { device: name, threads }: DeviceValues,
): Parameters<typeof openDevice> {
  const choice = deviceChoices.find((choice) => choice === name);
  if (!choice) {
    const near = nearest(name, deviceChoices);
    throw new UserError(
      `--device must be ${deviceChoices.join(", ")}, not ${
        JSON.stringify(name)
      }` +
        (near === undefined ? "" : `; did you mean ${near}?`),
    );
  }
  if (threads === undefined) return [choice];
  if (threads < 1 || threads > MAX_THREADS) {
    throw new UserError(
      `--threads must be 1 to ${MAX_THREADS}, not ${threads}`,
    );
  }
  if (choice === "webgpu") {
    throw new UserError("--threads is for --device wasm; leave it out");
  }
  return [choice, threads];
}
