/** A share in per cent with one decimal, such as `47.1`. */
export function percentage(share: number): string {
  return (100 * share).toFixed(1);
}
