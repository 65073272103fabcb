import type { SelfieOptions } from "../../../train/models/selfie.ts";
import { testOnDevices, testOnWasm } from "../../engine/devices.ts";
import { checkModel } from "./check.ts";
import { selfie } from "./naive_selfie.ts";
import { exchange, tinyModel } from "./tiny_models.ts";

for (
  const [name, model] of Object.entries({
    "": {},
    " with an exchange": { exchange },
  })
) {
  const config = tinyModel(
    { name: "selfie", masked: 2, ...model },
    { selfie: { weight: 2 } },
  );
  // the larger one stands for both on WebGPU
  (name ? testOnDevices : testOnWasm)(
    `Selfie: is that of section 3.1${name}`,
    (device) =>
      checkModel(
        device,
        config,
        (pass) => selfie(pass, config.model as SelfieOptions),
      ),
  );
}
