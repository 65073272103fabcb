/** Runs a test in a folder of its own, which is removed afterwards; passes on what it resolves to. */
export async function withFolder<T>(
  test: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
