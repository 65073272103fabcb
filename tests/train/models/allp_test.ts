import type { AllpOptions } from "../../../train/models/allp.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { checkModel } from "./check.ts";
import { allp } from "./naive_allp.ts";
import { exchange, tinyModel } from "./tiny_models.ts";

for (
  const [name, model] of Object.entries({
    Allp: {},
    "Allp with an exchange": { exchange },
  })
) {
  const config = tinyModel(
    { name: "allp", projection: 5, ...model },
    { allp: { weight: 2 } },
  );
  testOnDevices(
    `${name} is that of section 3.2`,
    (device) =>
      checkModel(
        device,
        config,
        (pass) => allp(pass, config.model as AllpOptions),
      ),
  );
}
