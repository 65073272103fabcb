import { assertEquals } from "@std/assert";
import { probeTable } from "../../../train/cli/probe_table.ts";
import { layer } from "../layer_result.ts";

Deno.test("probeTable: aligns the layers, marks the one that the held-out images prefer, says how it was measured", () => {
  const table = probeTable({
    untrained: {
      "patch res1": layer(16, 0.1, 0.9, 0.05),
      "I, Î": layer(3072, 0.25, 0.2, 1),
    },
    trained: {
      // the better one on the test images
      "patch res1": layer(16, 0.6, 0.4, 0.5),
      "I, Î": layer(3072, 0.5, 0.5, 0.4),
    },
  });
  assertEquals(
    table,
    `                       linear      linear          kNN      kNN
layer       width   untrained     trained    untrained  trained
patch res1     16  10.0 ± 1.5  60.0 ± 2.4          5.0     50.0
I, Î         3072  25.0 ± 2.2  50.0 ± 2.5 *      100.0     40.0

linear: % of 400 test images, ± standard error; logistic regression on the
        features of 9000 images; 1000 more chose its penalty and the best layer *
kNN: % of 400 test images; 20 nearest of 10000 by cosine, weights exp(cos / 0.1)`,
  );
});
