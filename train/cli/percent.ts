/** A share as percent with one decimal, such as `47.1`. */
export function percent(share: number): string {
  return (100 * share).toFixed(1);
}
