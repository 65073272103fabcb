/** Runs the commands of README.md as they stand there, with a few settings more that make them short. */
import { assert, assertEquals } from "@std/assert";
import { imageFile } from "../datasets/image_file.ts";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import configuration from "../../deno.json" with { type: "json" };
import { runTask, TINY } from "../train/cli/command.ts";

const root = new URL("../../", import.meta.url);

type Task = keyof typeof configuration.tasks;

/** What shortens a task; everything else is as in the document. */
const SHORT: Partial<Record<Task, readonly string[]>> = {
  pretrain: [
    "steps=1",
    "warmupSteps=0",
    "batchSize=8",
    "encoder.depth=18",
    "encoder.width=0.0625",
    "evaluation.bank=4",
    "evaluation.queries=4",
  ].flatMap((setting) => ["--set", setting]),
  finetune: ["--steps", "1"],
  experiment: ["--minutes", "0.001"],
};
/** What makes a model at the paper's sizes one that a processor can hold. */
const NARROWER = ["batchSize=16", "encoder.depth=10", "encoder.width=0.5"]
  .flatMap((setting) => ["--set", setting]);
const FEW_IMAGES = ["--set", "data.trainSize=64", "--set", "data.testSize=32"];
/** What the document's commands run on. */
const ON_WASM = ["--device", "wasm"];

interface Command {
  /** The line in the document. */
  readonly line: string;
  readonly task: Task;
  readonly args: readonly string[];
}

/** The commands in the document's code that are not about its tests, in order. */
function commandsOf(markdown: string): Command[] {
  return markdown.split("\n").flatMap((line) => {
    const [, task, rest = ""] =
      line.match(/^ {4}(?:npx -y )?deno task (\S+)([^#]*)/) ?? [];
    if (!isTask(task) || task === "test") return [];
    const args = rest.split(/\s+/).filter((word) => word !== "");
    return [{ line: line.trim(), task, args }];
  });
}

function isTask(name: string | undefined): name is Task {
  return name !== undefined && name in configuration.tasks;
}

/** The arguments in the document, all of them, and what makes them short. */
function shortened({ task, args }: Command): readonly string[] {
  // at the paper's sizes, which are for a GPU, a step is planned instead
  if (args.includes("dv2")) {
    return [...new Set([...args, "--dry-run"]), ...NARROWER];
  }
  // a run has its settings; a step or two more show the rest
  if (args.includes("--extend")) return args.with(-1, "5");
  if (args.includes("--resume")) return args;
  const isDrawn = !args.some((argument) => argument.startsWith("data.name="));
  const images = task === "pretrain" && isDrawn ? FEW_IMAGES : [];
  return [...args, ...SHORT[task] ?? [], ...images];
}

function withoutRepetition(commands: readonly Command[]): Command[] {
  const short = commands.map((command) => ({
    ...command,
    args: shortened(command),
  }));
  return [...new Map(short.map((command) => [
    `${command.task} ${command.args.join(" ")}`,
    command,
  ])).values()];
}

/** Pictures, data sets of a few images, and an example that the commands name. */
function prepare(folder: TemporaryFolder): void {
  for (let i = 0; i < 8; i++) {
    const picture = imageFile("PNG", 32, 32, (x, y) => [8 * x, 8 * y, 30 * i]);
    folder.write(`pictures/${i % 2}/${i}.png`, picture);
    folder.write(`photos/${i}.png`, picture);
  }
  const cifar = new Uint8Array(3073 * 40).map((_, i) =>
    i % 3073 === 0 ? i % 10 : i % 251
  );
  folder.write("data/cifar10/data_batch_1.bin", cifar);
  folder.write("data/cifar10/test_batch.bin", cifar);
  const stl = new Uint8Array(96 * 96 * 3 * 12).map((_, i) => i % 251);
  folder.write("data/stl10/unlabeled_X.bin", stl);
  const example = "examples/experiments/table-1-tiny.json";
  folder.write(example, Deno.readTextFileSync(new URL(example, root)));
}

/** The tasks that documents name, in code or in passing. */
function tasksNamed(markdown: string): string[] {
  return [...markdown.matchAll(/\bdeno task ([\w:]+)/g)].map(([, task]) =>
    task
  );
}

const readme = Deno.readTextFileSync(new URL("README.md", root));
const commands = commandsOf(readme);

Deno.test("README: first pretrain, then look at the report, then at one's own pictures", () => {
  const [first, second] = commands;
  assertEquals(first.line, "npx -y deno task pretrain");
  assertEquals(
    second.line,
    "npx -y deno task embed RUN --images photos --neighbours 5",
  );
  const between = readme.slice(
    readme.indexOf(first.line),
    readme.indexOf(second.line),
  );
  assert(between.includes("`report.html`"));
});

Deno.test("README and docs: every task that they name is there", () => {
  const docs = [...Deno.readDirSync(new URL("docs", root))]
    .filter(({ name }) => name.endsWith(".md"))
    .map(({ name }) => Deno.readTextFileSync(new URL(`docs/${name}`, root)));
  const named = [readme, ...docs].flatMap(tasksNamed);
  assert(named.length > 50, String(named.length));
  assertEquals(named.filter((task) => !isTask(task)), []);
});

Deno.test("README: the tasks that it names and that no test runs as it says explain themselves", async () => {
  const others = new Set(
    tasksNamed(readme).filter(isTask).filter((task) =>
      configuration.tasks[task].description.includes("--help") &&
      !commands.some((command) => command.task === task)
    ),
  );
  assertEquals([...others].sort(), [
    "bench",
    "campaign:faults",
    "campaign:kill",
    "campaign:programs",
    "campaign:soak",
    "fuzz",
    "mutate",
    "pretrain:mpi",
  ]);
  using folder = new TemporaryFolder();
  for (const task of others) {
    const { code, stdout, stderr } = await runTask(task, folder.path, "--help");
    assertEquals(code, 0, `${task}: ${stderr}`);
    assert(stdout.includes("  --"), `${task}: ${stdout}`);
    // with a launcher before it, as there
    const launched = readme.match(
      new RegExp(`^ {4}(\\w.* task ${task} .*)$`, "m"),
    );
    if (launched) assert(stdout.includes(launched[1]), launched[1]);
  }
});

Deno.test("README: its commands do what they say", async () => {
  assert(commands.length >= 12, String(commands.length));
  using folder = new TemporaryFolder();
  prepare(folder);
  const { path } = folder;
  const made = await runTask(
    "pretrain",
    path,
    ...TINY,
    ...["--set", "data.trainSize=40", "--out", "RUN"],
  );
  assertEquals(made.code, 0, made.stderr);
  for (const { line, task, args } of withoutRepetition(commands)) {
    const { code, stdout, stderr } = await runTask(
      task,
      path,
      ...args,
      ...(task === "export" ? [] : ON_WASM),
    );
    assertEquals(code, 0, `${line}\n${stderr}`);
    assert(stdout.length > 0, line);
  }
});
