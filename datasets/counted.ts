/** A number of things in words, such as `1 picture` or `12 pictures`; `noun` is in the singular. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
