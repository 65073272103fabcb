/** Pictures that are dropped on the page, in the order of their similarity to the chosen one. */
import {
  CanvasDecoder,
  loadEncoder,
  type PretrainedEncoder,
} from "@dv2/dv2/encoder";
import { elements, say, showError, showProgress } from "./elements.ts";

/** A picture on the page. */
interface Picture {
  readonly file: File;
  readonly item: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly caption: HTMLElement;
  /** Missing until an encoder has computed them. */
  features?: Float32Array;
}

/** All pictures in their order on the page. */
export const pictures: Picture[] = [];
const decoder = new CanvasDecoder();
let chosen: Picture | undefined;
let encoder: PretrainedEncoder | undefined;

async function openEncoder(file: File): Promise<void> {
  say(`Opening ${file.name}…`);
  const devices = ["auto", "webgpu", "wasm"] as const;
  const device = devices.find((name) => name === elements.device.value);
  const opened = await loadEncoder(file, { device, batchSize: 1 });
  encoder?.dispose();
  encoder = opened;
  for (const picture of pictures) delete picture.features;
  await computeFeatures();
}

/** Computes the features that are missing. */
async function computeFeatures(): Promise<void> {
  if (!encoder) return say("Choose an encoder.");
  const { description } = encoder.device;
  const waiting = pictures.filter(({ features }) => !features);
  for (const [i, picture] of waiting.entries()) {
    say(`Computing features of ${picture.file.name} on ${description}…`);
    await showProgress(i / waiting.length);
    const square = await decode(picture, encoder.description.imageSize);
    if (!square) continue;
    [picture.features] = await encoder.featuresOfSquares(square);
  }
  say(`Pictures: ${pictures.length}. Computed on ${description}.`);
  arrange();
}

/** The pixels of a picture; one that cannot be decoded leaves the page. */
async function decode(
  picture: Picture,
  size: number,
): Promise<Uint8Array | undefined> {
  try {
    const [square] = await decoder.decode([picture.file], size);
    return square;
  } catch (error) {
    showError(error);
    pictures.splice(pictures.indexOf(picture), 1);
    picture.item.remove();
  }
}

function addPicture(file: File): void {
  const image = new Image();
  image.alt = "";
  image.src = URL.createObjectURL(file);
  const name = document.createElement("span");
  name.className = "name";
  name.textContent = file.name;
  const caption = document.createElement("span");
  const button = document.createElement("button");
  button.append(image, name, caption);
  const item = document.createElement("li");
  item.append(button);
  elements.gallery.append(item);
  const picture = { file, item, button, caption };
  pictures.push(picture);
  button.onclick = () => {
    chosen = picture;
    arrange();
    button.focus();
  };
}

/** Puts the most similar pictures to the chosen one first, and those without features last. */
function arrange(): void {
  const query = chosen?.features;
  if (!query) return;
  const similarities = new Map<Picture, number>();
  for (const picture of pictures) {
    const { features, button, caption } = picture;
    const similarity = features ? cosineSimilarity(query, features) : -Infinity;
    similarities.set(picture, similarity);
    caption.textContent = features ? similarity.toFixed(3) : "";
    button.ariaPressed = String(picture === chosen);
  }
  pictures.sort((a, b) => similarities.get(b)! - similarities.get(a)!);
  elements.gallery.append(...pictures.map(({ item }) => item));
}

function cosineSimilarity(a: Float32Array, b: Float32Array): number {
  const dot = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, value, i) => sum + value * b[i], 0);
  return dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1);
}

/** What was asked for last; one thing is done after the other. */
let work: Promise<void> = Promise.resolve();
let waiting = 0;

function enqueue(task: () => Promise<void>): void {
  // errors of what is still under way stay
  if (waiting === 0) elements.errors.replaceChildren();
  waiting++;
  work = work.then(task).catch((error) => {
    say("");
    showError(error);
  }).finally(() => {
    elements.progress.hidden = true;
    waiting--;
  });
}

function openChosenEncoder(): void {
  const file = elements.encoder.files?.[0];
  if (file) enqueue(() => openEncoder(file));
}

function addPictures(files: Iterable<File>): void {
  for (const file of files) addPicture(file);
  enqueue(computeFeatures);
}

elements.encoder.onchange = openChosenEncoder;
elements.device.onchange = openChosenEncoder;
elements.pictures.onchange = () => addPictures(elements.pictures.files ?? []);

document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => {
  event.preventDefault();
  const files = event.dataTransfer?.files;
  if (!files?.length) return;
  // a single file that is no picture is an encoder
  if (files.length > 1 || files[0].type.startsWith("image/")) {
    return addPictures(files);
  }
  enqueue(async () => {
    await openEncoder(files[0]);
    // not before: another device opens what is chosen there
    elements.encoder.files = files;
  });
};

elements.webgpu.disabled = !await navigator.gpu?.requestAdapter();
say("Choose an encoder.");
