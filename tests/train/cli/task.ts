import { fileURLToPath } from "node:url";
import configuration from "../../../deno.json" with { type: "json" };
import { type Output, outputOf } from "./command.ts";

const root = new URL("../../../", import.meta.url);

/** Runs a task of deno.json in a folder, with the permissions that it has there, to its end. */
export function runTask(
  name: keyof typeof configuration.tasks,
  folder: string,
  ...args: string[]
): Promise<Output> {
  // deno run --allow-... script
  const [, , ...flagsAndScript] = configuration.tasks[name].command.split(" ");
  const script = new URL(flagsAndScript.pop()!, root);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      `--config=${fileURLToPath(new URL("deno.json", root))}`,
      ...flagsAndScript,
      script.href,
      ...args,
    ],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return outputOf(child);
}
