import { UserError } from "../engine/user_error.ts";
import { naturalOrder } from "./files/folders.ts";
import { printable } from "./files/printable.ts";
import { withFileErrors } from "./files/system_error.ts";

const IMAGE_FILE = /\.(jpe?g|png|webp|gif|bmp|tiff?|avif|hei[cf]|jxl|jp2)$/i;

/** What lies in a folder and its subfolders; paths are relative to it. */
interface FoundFiles {
  /** The pictures, in natural order. */
  readonly images: string[];
  /** All other files, in no order. */
  readonly others: string[];
  /** Links to folders, with a slash at the end; they are not followed, as they may lead in circles. */
  readonly links: string[];
  /** Folders whose names are not UTF-8, with a slash at the end; the system cannot be asked for them. */
  readonly misnamed: string[];
}

/**
 * Finds the pictures in a folder and its subfolders, recognised by the endings of their names. Hidden
 * files are ignored.
 *
 * @throws {UserError} The folder cannot be read, or there are no pictures in it.
 */
export async function findImages(folder: string): Promise<FoundFiles> {
  const files = await listFiles(folder);
  const { images = [], others = [], links = [], misnamed = [] } = Object
    .groupBy(
      files,
      (file) =>
        IMAGE_FILE.test(file)
          ? "images"
          : !file.endsWith("/")
          ? "others"
          : isFolder(`${folder}/${file}`)
          ? "links"
          : "misnamed",
    );
  if (images.length === 0) {
    throw new UserError(
      `there are no pictures (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC, JPEG XL, JPEG 2000) ` +
        `in ${folder}; ${
          unread({ links, misnamed }).join("; ") || "check the path"
        }`,
    );
  }
  return { images: images.sort(naturalOrder), others, links, misnamed };
}

/** Like {@linkcode findImages}; lines on stderr say what else there is. */
export async function listImages(folder: string): Promise<string[]> {
  const { images, others, ...folders } = await findImages(folder);
  reportOthers(others.sort(naturalOrder));
  for (const remark of unread(folders)) console.warn(`data: ${remark}`);
  return images;
}

/** Why folders were not read, a sentence for each reason. */
function unread(
  { links, misnamed }: Pick<FoundFiles, "links" | "misnamed">,
): string[] {
  const reasons = [
    ["links to folders are not followed", links],
    ["folders whose names are not UTF-8 cannot be read", misnamed],
  ] as const;
  return reasons.filter(([, folders]) => folders.length > 0)
    .map(([reason, [first]]) => `${reason}, such as ${printable(first)}`);
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    // a link that leads nowhere, or a name that is not UTF-8
    return false;
  }
}

/** All files but hidden ones; folders that are not read too, with a slash at the end. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await withFileErrors(
    `cannot read the folder ${folder}`,
    () => Array.fromAsync(Deno.readDir(folder)),
  );
  const files: string[] = [];
  for (const { name, isDirectory, isSymlink } of entries) {
    if (name.startsWith(".")) continue;
    const path = `${folder}/${name}`;
    // what is not UTF-8 in a name arrives as U+FFFD
    const isMisnamed = name.includes("\ufffd") && !isFolder(path);
    if (isDirectory ? isMisnamed : isSymlink && isFolder(path)) {
      files.push(`${name}/`);
    } else if (!isDirectory) files.push(name);
    else {
      for (const file of await listFiles(path)) files.push(`${name}/${file}`);
    }
  }
  return files;
}

/** Reports the other files in one line, by the endings of their names. */
function reportOthers(files: readonly string[]): void {
  if (files.length === 0) return;
  const kinds = Map.groupBy(files, endingOf);
  const parts = [...kinds].map(([ending, [first, ...more]]) =>
    more.length === 0
      ? first
      : `${1 + more.length} ${ending} (such as ${first})`
  );
  console.warn(
    `data: left out, not recognised as pictures: ${
      printable(parts.join(", "))
    }`,
  );
}

function endingOf(file: string): string {
  return file.match(/\.[^./]+$/)?.[0].toLowerCase() ?? "without an ending";
}
