import { folderName } from "./folder_name.ts";

/** The file of the results of the layers of the run in a folder. */
export function probePath(path: string): string {
  return `${path}/probe.json`;
}

/** The folder of the fine-tuning of the run in a folder, by the name of its column. */
export function finetunePath(path: string, column: string): string {
  return `${path}/finetune/${folderName(column)}`;
}
