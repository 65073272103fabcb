/** Whether there is something at a path. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    // any other error is for those who read or write it to report
    return !(error instanceof Deno.errors.NotFound);
  }
}
