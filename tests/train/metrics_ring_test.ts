import { assertEquals } from "@std/assert";
import { input } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { MetricsRing } from "../../train/metrics_ring.ts";
import { testOnWasm } from "../engine/devices.ts";

testOnWasm(
  "MetricsRing: keeps the numbers of the last steps by name",
  async (device) => {
    const ring = new MetricsRing(3, ["loss", "norm"]);
    const program = await Program.compile(device, {
      assignments: [
        ring.record(
          [input("loss", []), input("norm", [1])],
          input("slot", [1], "i32"),
        ),
      ],
    });
    const numbersOf = (step: number) => ({ loss: 10 * step, norm: -step });
    for (let step = 0; step < 5; step++) {
      const { loss, norm } = numbersOf(step);
      await program.run({
        loss: Float32Array.of(loss),
        norm: Float32Array.of(norm),
        slot: Int32Array.of(step % ring.length),
      });
    }
    assertEquals(await ring.read(device, 2, 5), [2, 3, 4].map(numbersOf));
    assertEquals(await ring.read(device, 4, 5), [numbersOf(4)]);
    program.destroy();
  },
);
