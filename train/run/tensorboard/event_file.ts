import { writeAll } from "../../../datasets/files/atomic_file.ts";
import { listFolder } from "../../../datasets/files/folders.ts";
import { withFileErrors } from "../../../datasets/files/system_error.ts";
import type { MetricsRecord } from "../metrics_file.ts";
import { encodeScalars, encodeVersion } from "./event.ts";
import { encodeRecord } from "./record.ts";

/** TensorBoard recognises its files by this. */
const PREFIX = "events.out.tfevents.";

/** Whether a file of this name is one for TensorBoard. */
export function isEventFile(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** The file in a run's folder that TensorBoard shows the measurements from. */
export class EventFile implements Disposable {
  private constructor(
    private readonly path: string,
    private readonly file: Deno.FsFile,
  ) {}

  /**
   * Begins the file of a run with the measurements so far; it takes the place of one begun before.
   *
   * @throws {UserError} if it cannot be written.
   */
  static async open(
    folder: string,
    records: readonly MetricsRecord[],
  ): Promise<EventFile> {
    const old = (await listFolder(folder)).filter(isEventFile);
    // the time makes a new file, which a TensorBoard that is open reads from its beginning
    const path = `${folder}/${PREFIX}${Date.now()}`;
    const file = await withFileErrors(`cannot write ${path}`, async () => {
      for (const name of old) await Deno.remove(`${folder}/${name}`);
      return new EventFile(path, await Deno.create(path));
    });
    await file.#write(encodeVersion(now()));
    for (const record of records) await file.append(record);
    return file;
  }

  /**
   * Adds what was measured at a step.
   *
   * @throws {UserError} if the disk is full.
   */
  async append(record: MetricsRecord): Promise<void> {
    const wallTime = record.time ? Date.parse(record.time) / 1000 : now();
    await this.#write(encodeScalars(record, wallTime));
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.file.close();
  }

  async #write(event: Uint8Array): Promise<void> {
    await withFileErrors(
      `cannot write ${this.path}`,
      () => writeAll(this.file, encodeRecord(event)),
    );
  }
}

/** Seconds since 1970. */
function now(): number {
  return Date.now() / 1000;
}
