/** The elements of the page that its script changes. */

function find<Kind extends HTMLElement>(
  id: string,
  kind: new () => Kind,
): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new TypeError(`there is no ${id}`);
  return element;
}

export const elements = {
  encoder: find("encoder", HTMLInputElement),
  pictures: find("pictures", HTMLInputElement),
  device: find("device", HTMLSelectElement),
  webgpu: find("webgpu", HTMLOptionElement),
  status: find("status", HTMLElement),
  progress: find("progress", HTMLProgressElement),
  errors: find("errors", HTMLUListElement),
  gallery: find("gallery", HTMLOListElement),
} as const;

/** Says what goes on. */
export function say(text: string): void {
  elements.status.textContent = text;
}

/** Shows which share of the work is done, 0 to 1, and lets the browser draw it. */
export async function showProgress(share: number): Promise<void> {
  elements.progress.hidden = false;
  elements.progress.value = share;
  await new Promise((resolve) => setTimeout(resolve));
}

/** Adds a line about what went wrong. */
export function showError(error: unknown): void {
  const item = document.createElement("li");
  item.textContent = error instanceof Error ? error.message : String(error);
  elements.errors.append(item);
}
