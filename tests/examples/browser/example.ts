import { fileURLToPath } from "node:url";
import configuration from "../../../examples/browser/deno.json" with {
  type: "json",
};

const cwd = fileURLToPath(
  new URL("../../../examples/browser/", import.meta.url),
);

/** Runs `deno task build` of the example. */
export async function build(): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "build"],
    cwd,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** `deno task serve` of the example, at a port that is free, until it is disposed of. */
export class ExampleServer implements AsyncDisposable {
  private constructor(
    private readonly process: Deno.ChildProcess,
    /** Where the page is. */
    readonly url: string,
  ) {}

  /** Starts it with arguments for the task. */
  static async start(...args: readonly string[]): Promise<ExampleServer> {
    // deno serve ... --port 8000 ... serve.ts
    const [, ...command] = configuration.tasks.serve.command.split(" ");
    const process = new Deno.Command(Deno.execPath(), {
      args: [...command.with(command.indexOf("8000"), "0"), ...args],
      cwd,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    return new ExampleServer(process, await urlIn(process.stderr));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill();
    await this.process.status;
  }
}

/** The first address in what a program says. */
async function urlIn(
  output: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<string> {
  let text = "";
  for await (const part of output.pipeThrough(new TextDecoderStream())) {
    text += part;
    const url = text.match(/http:\S+(?=\n)/)?.[0];
    if (url) return url;
  }
  throw new Error(`the server ends: ${text}`);
}
