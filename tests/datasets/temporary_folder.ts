/** A folder in the system's place for temporary files, removed when it goes out of scope. */
export class TemporaryFolder implements Disposable {
  /** Path of the folder. */
  readonly path: string = Deno.makeTempDirSync({ prefix: "dv2-test-" });

  /** Writes a file, making the folders on its way. */
  write(name: string, content: Uint8Array | string): void {
    const path = `${this.path}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else Deno.writeFileSync(path, content);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
