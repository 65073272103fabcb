import { Parameter } from "./parameter.ts";
import { State } from "./state.ts";

/**
 * All instances of a class below a module, named by the path of properties that leads to each, such as
 * `encoder.stem.weight`. What several modules share is named by the first path to it. Instances
 * inside other instances are left out.
 */
export function namedInstances<Instance extends object>(
  module: object,
  kind: abstract new (...values: never[]) => Instance,
): Map<string, Instance> {
  const instances = new Map<string, Instance>();
  const seen = new Set<object>();
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (value instanceof kind) return instances.set(path, value);
    if (value instanceof Parameter || value instanceof State) return;
    if (ArrayBuffer.isView(value)) return;
    for (const [key, child] of Object.entries(value)) {
      visit(child, path ? `${path}.${key}` : key);
    }
  };
  visit(module, "");
  return instances;
}

/** All parameters below a module, by their names in a checkpoint. */
export function namedParameters(module: object): Map<string, Parameter> {
  return namedInstances(module, Parameter);
}

/** All states below a module, by their names in a checkpoint. */
export function namedStates(module: object): Map<string, State> {
  return namedInstances(module, State);
}
