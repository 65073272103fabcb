/** A file system of a few bytes in the computer's memory, which a folder is until this is disposed of. */
export class SmallDisk implements Disposable {
  private constructor(private readonly path: string) {}

  /**
   * Mounts it on an empty folder.
   *
   * @returns Why that cannot be, as where one is not the superuser.
   */
  static mount(path: string, bytes: number): SmallDisk | string {
    const problem = run(
      "mount",
      "-t",
      "tmpfs",
      "-o",
      `size=${bytes}`,
      "dv2",
      path,
    );
    return problem ?? new SmallDisk(path);
  }

  /** Makes room. */
  grow(): void {
    const problem = run("mount", "-o", "remount,size=100m", this.path);
    if (problem !== undefined) throw new Error(problem);
  }

  [Symbol.dispose](): void {
    const problem = run("umount", this.path);
    if (problem !== undefined) throw new Error(problem);
  }
}

/** Runs a program of the system; what it says if it fails. */
function run(program: string, ...args: string[]): string | undefined {
  try {
    const { success, stderr } = new Deno.Command(program, { args })
      .outputSync();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return error.message;
    throw error;
  }
}
