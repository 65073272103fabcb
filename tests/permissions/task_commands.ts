import configuration from "../../deno.json" with { type: "json" };

/** A `deno run` or `deno test` of a task in deno.json. */
export interface TaskCommand {
  /** Name of the task. */
  readonly task: string;
  /** What it runs, such as `train/cli/embed.ts`; the tests of `deno test` have no name. */
  readonly script: string;
  /** What is passed to Deno before the script, but for permissions. */
  readonly flags: readonly string[];
  /** Permissions as flags with one value each, such as `--allow-env=CI`. */
  readonly permissions: readonly string[];
}

const COMMAND = /deno (?:task swiftshader )?(run|test) (.*)$/;

/** All commands that are given permissions, task by task. */
export const taskCommands: readonly TaskCommand[] = Object.entries(
  configuration.tasks,
).flatMap(([task, { command }]) =>
  command.split(" && ")
    .filter((command) => COMMAND.test(command))
    .map((command) => parse(task, command))
);

function parse(task: string, command: string): TaskCommand {
  const [, subcommand, rest] = command.match(COMMAND)!;
  const words = rest.split(" ");
  const flags = words.filter((word) => word.startsWith("--"));
  const isPermission = (flag: string) => flag.startsWith("--allow-");
  return {
    task,
    script: words.find((word) => !word.startsWith("--")) ?? "",
    flags: [
      subcommand,
      // the script's own, or which of the tests
      ...flags.filter((flag) => !/^--(allow-|check$|filter=)/.test(flag)),
    ],
    permissions: flags.filter(isPermission).flatMap(separateValues),
  };
}

function separateValues(flag: string): string[] {
  const [name, values] = flag.split("=");
  return values?.split(",").map((value) => `${name}=${value}`) ?? [flag];
}
