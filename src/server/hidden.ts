const ZARR_DOCUMENT = /^\.z(?:array|attrs|group|metadata)$/;

/** Journals, version control, settings: names that begin with a dot are hidden, except Zarr's documents. */
export function isHiddenKey(key: string): boolean {
  const segments = key.split("/");
  return segments.some((name, i) => name.startsWith(".") && !(i === segments.length - 1 && ZARR_DOCUMENT.test(name)));
}
