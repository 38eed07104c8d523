/**
 * The entries of one tomogram: exact names, else names with it behind folders or before `.tomostar` (WarpTools' exports to
 * RELION).
 *
 * @param wanted name of the tomogram; undefined finds nothing.
 */
export function ofTomogramNamed<T>(
  entries: readonly T[],
  nameOf: (entry: T) => string | undefined,
  wanted: string | undefined,
): T[] {
  if (wanted === undefined) return [];
  const exact = entries.filter((entry) => nameOf(entry) === wanted);
  if (exact.length > 0) return exact;
  const stem = seriesStem(wanted);
  return entries.filter((entry) => seriesStem(nameOf(entry) ?? "") === stem);
}

/** `folder/TS_1.tomostar` is the tilt series `TS_1`. */
const seriesStem = (name: string): string => name.replace(/^.*[\\/]/, "").replace(/\.tomostar$/, "");
