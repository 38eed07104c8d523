/** How a tomogram was made, as its name has it: it may be wrong, as `sirtlike` is of a filter of WBP. */
export function methodOfName(path: string): string | undefined {
  return /sirt/i.test(path) ? "SIRT" : /sart/i.test(path) ? "SART" : /wbp|bp_?3d/i.test(path) ? "WBP" : undefined;
}
