import { cpSync, existsSync as exists } from "node:fs";
import { type Output, outputOf } from "../train/cli/command.ts";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { imageFile } from "../datasets/image_file.ts";
import { ArchiveServer } from "./archive_server.ts";
import {
  type Command,
  makeCommands,
  type Material,
  startPretraining,
} from "./commands.ts";
import type { FileChange } from "./file_changes.ts";
import {
  bytesOf,
  contentsOf,
  differenceOf,
  type FolderContents,
} from "./folder_contents.ts";
import type { Effect } from "./effects.ts";

/** What a command does where nothing happens to it. */
export interface Undisturbed {
  /** The changes that it makes to files, in order. */
  readonly changes: readonly FileChange[];
  /** What is in its folder when it is done. */
  readonly contents: FolderContents;
  /** How long it takes. */
  readonly milliseconds: number;
  /** Bytes that its folder takes on a disk. */
  readonly bytes: number;
}

/** Where commands are tried, one at a time, always in the same folder. */
export class Workshop implements AsyncDisposable {
  readonly #folder = new TemporaryFolder();
  readonly #materials = `${this.#folder.path}/materials`;
  readonly #log = `${this.#folder.path}/changes.jsonl`;
  readonly #undisturbed = new Map<Command, Undisturbed>();

  /** The folder that commands run in. */
  readonly path = `${this.#folder.path}/trial`;

  private constructor(
    readonly server: ArchiveServer,
    /** The commands to try. */
    readonly commands: readonly Command[] = makeCommands(server),
  ) {}

  /** Makes the pictures that commands work on, and starts the server. */
  static async open(): Promise<Workshop> {
    const workshop = new Workshop(await ArchiveServer.start());
    for (let i = 0; i < 12; i++) {
      const part = i < 8 ? "train" : "test";
      workshop.#folder.write(
        `materials/pictures/${part}/${i % 2}/${i}.png`,
        imageFile("PNG", 32, 32, (x, y) => [8 * x, 8 * y, 20 * i]),
      );
    }
    return workshop;
  }

  /** Empties the folder and puts into it what a command needs. */
  async restore(needs: readonly Material[]): Promise<void> {
    const run = `${this.#materials}/run`;
    if (needs.includes("run") && !exists(run)) {
      await this.restore(["pictures"]);
      succeeded(await outputOf(startPretraining(this.path)));
      Deno.renameSync(`${this.path}/run`, run);
    }
    if (exists(this.path)) Deno.removeSync(this.path, { recursive: true });
    Deno.mkdirSync(this.path);
    for (const name of needs) {
      copy(`${this.#materials}/${name}`, `${this.path}/${name}`);
    }
  }

  /** What a command does where nothing happens to it; found out once. */
  async undisturbed(command: Command): Promise<Undisturbed> {
    let known = this.#undisturbed.get(command);
    if (!known) {
      await this.restore(command.needs);
      const start = performance.now();
      succeeded(await outputOf(this.start(command)));
      known = {
        changes: this.changes(),
        contents: contentsOf(this.path),
        milliseconds: performance.now() - start,
        bytes: bytesOf(this.path),
      };
      this.#undisturbed.set(command, known);
    }
    return known;
  }

  /** Starts a command, with an effect on the n-th change that it makes to files, counted from 1. */
  start(command: Command, at = 0, effect?: Effect): Deno.ChildProcess {
    return this.startWith(command, "files", {
      log: this.#log,
      at: String(at),
      effect: effect ?? "",
    });
  }

  /** Starts a command after a module of the folder `preload`, whose address has parameters. */
  startWith(
    command: Command,
    preload: "files" | "gpu" | "worker",
    parameters: Readonly<Record<string, string>>,
  ): Deno.ChildProcess {
    const module = new URL(`preload/${preload}.ts`, import.meta.url);
    module.search = String(new URLSearchParams(parameters));
    // it may have to kill itself
    const flags = [`--preload=${module.href}`, "--allow-run"];
    return command.start(this.path, flags);
  }

  /** The changes that the command started last has made, or begun to. */
  changes(): FileChange[] {
    const lines = Deno.readTextFileSync(this.#log).split("\n");
    return lines.slice(0, -1).map((line) => JSON.parse(line));
  }

  /** Lets a command go on, undisturbed; says so if it does not come to its end. */
  async goOn(command: Command): Promise<string | undefined> {
    const { code, stderr } = await outputOf(command.start(this.path));
    if (code !== 0) {
      return `it does not go on, but ends with ${code}:\n${stderr}`;
    }
  }

  /** What differs from what a command comes to undisturbed. */
  async difference(command: Command): Promise<string | undefined> {
    const { contents } = await this.undisturbed(command);
    return differenceOf(contentsOf(this.path), contents);
  }

  /** Copies the folder for somebody to look at. */
  keep(folder: string): void {
    copy(this.path, folder);
  }

  /** Removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#folder[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

function copy(from: string, to: string): void {
  // by their times pictures are known not to have changed
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
}

function succeeded({ code, stderr }: Output): void {
  if (code !== 0) throw new Error(`a command fails undisturbed:\n${stderr}`);
}
