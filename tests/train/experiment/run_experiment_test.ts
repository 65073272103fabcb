import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { claim } from "../../../train/run/claim.ts";
import { runExperiment } from "../../../train/experiment/run_experiment.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { tinyConfig } from "../tiny_model.ts";
import { threeCells } from "./tiny_cell.ts";

const cells = threeCells(tinyConfig());

Deno.test("runExperiment: a cell that fails does not keep others from running", async () => {
  using folder = new TemporaryFolder();
  const ran: string[] = [];
  const shown: string[] = [];
  const others = await runExperiment(cells, {
    path: folder.path,
    signal: new AbortController().signal,
    run: (cell, path) => {
      ran.push(path.replace(folder.path, ""));
      if (cell.name === "b") throw new UserError("no room");
      return Promise.resolve({ steps: 1, finetuned: {}, failed: {} });
    },
    onFinished: (finished) => {
      shown.push(
        finished.map(({ cell, result }) =>
          cell.name + (typeof result === "string" ? `: ${result}` : "")
        ).join(", "),
      );
      return Promise.resolve();
    },
  });
  assertEquals(others, []);
  assertEquals(ran, ["/a", "/b", "/c"]);
  assertEquals(shown, ["a", "a, b: no room", "a, b: no room, c"]);
});

Deno.test("runExperiment: leaves to another process what it has, and looks again at the end", async () => {
  using folder = new TemporaryFolder();
  const [a, , c] = [0, 1, 2].map((i) =>
    `${folder.path}/locks/${cells[i].name}`
  );
  const first = await claim(a);
  using _second = await claim(c);
  const ran: string[] = [];
  const order: string[][] = [];
  const others = await runExperiment(cells, {
    path: folder.path,
    signal: new AbortController().signal,
    run: ({ name }) => {
      ran.push(name);
      // the other process is done with a
      first?.[Symbol.dispose]();
      return Promise.resolve({ steps: 1, finetuned: {}, failed: {} });
    },
    onFinished: (finished) => {
      order.push(finished.map(({ cell }) => cell.name));
      return Promise.resolve();
    },
  });
  assertEquals(ran, ["b", "a"]);
  // always in the order of the experiment
  assertEquals(order, [["b"], ["a", "b"]]);
  assertEquals(others.map(({ name }) => name), ["c"]);
});

Deno.test("runExperiment: is stopped between cells and within one, with what was done kept", async () => {
  using folder = new TemporaryFolder();
  const controller = new AbortController();
  const finished: number[] = [];
  const run = (name: string) => {
    if (name !== "b") return;
    controller.abort("SIGINT");
    controller.signal.throwIfAborted();
  };
  const reason = await runExperiment(cells, {
    path: folder.path,
    signal: controller.signal,
    run: ({ name }) =>
      Promise.resolve(name).then(run).then(() => ({
        steps: 1,
        finetuned: {},
        failed: {},
      })),
    onFinished: (cells) => Promise.resolve(void finished.push(cells.length)),
  }).catch((reason) => reason);
  assertEquals(reason, "SIGINT");
  assertEquals(finished, [1]);
  using lock = await claim(`${folder.path}/locks/b`);
  assert(lock);
});

Deno.test("runExperiment: an error while a table is written ends it", async () => {
  using folder = new TemporaryFolder();
  await assertRejects(
    () =>
      runExperiment(cells, {
        path: folder.path,
        signal: new AbortController().signal,
        run: () => Promise.resolve({ steps: 1, finetuned: {}, failed: {} }),
        onFinished: () => Promise.reject(new UserError("the disk is full")),
      }),
    UserError,
    "the disk is full",
  );
});
