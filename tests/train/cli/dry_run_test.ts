import { assertEquals, assertMatch } from "@std/assert";
import { dryRun } from "../../../train/cli/dry_run.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { tinyConfig } from "../tiny_model.ts";

testOnDevices(
  "dryRun: says what a step needs, and whether the device can hold it",
  async (device) => {
    const text = async (
      changes: object,
      machine: number,
      canHold = false,
    ) => {
      const result = await dryRun(tinyConfig(changes), device, machine);
      assertEquals(result.fits, canHold);
      return result.lines.join("\n");
    };
    const fits = await text({}, 2 ** 30, true);
    assertMatch(fits, /one step of 8 images needs \d+\.\d [KM]iB/);
    assertMatch(fits, /parameters +\d+\.\d [KM]iB +\d+\.\d %/);
    assertMatch(fits, /about .* here \(.* GFLOP of products\), 20 steps/);
    assertMatch(fits, /this device can hold it|each buffer fits this device/);
    if (device.kind !== "wasm") return;
    assertMatch(
      await text({}, 1000),
      /cannot hold it: it has 1000 B; lower batchSize/,
    );
    assertMatch(
      await text({ batchSize: 2 ** 14 }, Infinity),
      /cannot hold it: it binds at most 2.0 GiB at once; lower batchSize/,
    );
  },
);
