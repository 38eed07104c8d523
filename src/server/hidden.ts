const ZARR_DOCUMENT = /^\.z(?:array|attrs|group|metadata)$/;

/** Journals, version control, settings: what begins with a dot is not there for anybody, except Zarr's documents. */
export function isHiddenKey(key: string): boolean {
  const segments = key.split("/");
  return segments.some((name, i) => name.startsWith(".") && !(i === segments.length - 1 && ZARR_DOCUMENT.test(name)));
}
