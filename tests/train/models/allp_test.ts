import type { AllpOptions } from "../../../train/models/allp.ts";
import { testOnDevices, testOnWasm } from "../../engine/devices.ts";
import { checkModel } from "./check.ts";
import { allp } from "./naive_allp.ts";
import { exchange, tinyModel } from "./tiny_models.ts";

for (
  const [name, model] of Object.entries({
    "": {},
    " with a perceptron": { head: "mlp" },
    " with an exchange": { exchange },
  })
) {
  const config = tinyModel(
    { name: "allp", projection: 5, ...model },
    { allp: { weight: 2 } },
  );
  // the larger one stands for both on WebGPU
  ("exchange" in model ? testOnDevices : testOnWasm)(
    `Allp: is that of section 3.2${name}`,
    (device) =>
      checkModel(
        device,
        config,
        (pass) => allp(pass, config.model as AllpOptions),
      ),
  );
}
