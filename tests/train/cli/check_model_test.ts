import { assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { checkModel } from "../../../train/cli/check_model.ts";
import { presets } from "../../../train/config/presets/mod.ts";
import { completeConfig } from "../../../train/config/config.ts";
import { mergeSettings } from "../../../train/config/merge.ts";

/** The config of a preset with other settings. */
function configWith(preset: keyof typeof presets, settings: object) {
  return completeConfig(
    mergeSettings(undefined, presets[preset].config, settings) as object,
  );
}

Deno.test("checkModel: accepts what fits", async () => {
  await checkModel(configWith("double-view-tiny", {}));
});

Deno.test("checkModel: refuses losses that the model gives nothing for, and parts that only a step shows not to fit", async () => {
  await assertRejects(
    () =>
      checkModel(
        configWith("allp-tiny", { losses: { maskedPatch: { weight: 1 } } }),
      ),
    UserError,
    "the model allp gives nothing for it",
  );
  await assertRejects(
    () =>
      checkModel(configWith("dv2-tiny", {
        batchSize: 32,
        model: { vocabulary: { name: "queue", entries: 31 } },
      })),
    UserError,
    "targets do not fit a queue of 31 entries",
  );
});

Deno.test("checkModel: refuses a step in which a loss has nothing to tell apart", async () => {
  const { views } = configWith("double-view-tiny", {});
  await assertRejects(
    () => checkModel(configWith("double-view-tiny", { batchSize: views })),
    UserError,
    `losses.image has nothing to tell apart in a step: all views are of one image; set batchSize to ${
      2 * views
    } or more`,
  );
  await assertRejects(
    () => checkModel(configWith("selfie-tiny", { model: { masked: 1 } })),
    UserError,
    "losses.selfie has nothing to tell apart in a step: one patch is masked; set model.masked to 2 or more",
  );
  // masked patches of one image can be told apart
  await checkModel(
    configWith("double-view-tiny", {
      batchSize: views,
      losses: { image: { weight: 0 } },
    }),
  );
});
