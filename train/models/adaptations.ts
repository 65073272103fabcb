/** Names a task and what is turned on of its parts: "Allp with attention exchange". */
export function withAdaptations(
  title: string,
  adaptations: readonly (string | false | null)[],
): string {
  const present = adaptations.filter(Boolean);
  return present.length > 0 ? `${title} with ${present.join(", ")}` : title;
}
