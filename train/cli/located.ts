import type { DatasetOptions } from "../../datasets/registry.ts";
import { projectPath } from "./paths.ts";

/** A data set with its path, if it has one, as the person can type it, so that messages name it so. */
export function located(data: DatasetOptions): DatasetOptions {
  return "path" in data ? { ...data, path: projectPath(data.path) } : data;
}
