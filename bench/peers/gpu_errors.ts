/**
 * Does what needs a GPU, and fails if the GPU objects to any of it: a shader that does not compile
 * otherwise just leaves its result as it was.
 *
 * @throws {Error} with the first objection.
 */
export async function withoutGpuErrors(
  device: GPUDevice | undefined,
  work: () => Promise<unknown>,
): Promise<void> {
  const messages: string[] = [];
  const note = ({ error }: GPUUncapturedErrorEvent) => {
    messages.push(error.message.trim());
  };
  device?.addEventListener("uncapturederror", note);
  try {
    await work();
    // events come as tasks of their own
    await new Promise((resolve) => setTimeout(resolve));
  } finally {
    device?.removeEventListener("uncapturederror", note);
  }
  if (messages.length > 0) throw new Error(messages[0]);
}
