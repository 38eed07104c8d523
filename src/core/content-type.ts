const TEXT = "text/plain; charset=utf-8";
const BINARY = "application/octet-stream";

/** Content types by file extension. */
const BY_ENDING: Readonly<Record<string, string>> = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
  tsv: "text/tab-separated-values; charset=utf-8",
  yaml: "application/yaml",
  yml: "application/yaml",
  ...Object.fromEntries(
    ["txt", "md", "log", "mdoc", "star", "tlt", "rawtlt", "xf", "xtilt", "aln", "com", "defocus", "tomostar"].map((end) => [
      end,
      TEXT,
    ]),
  ),
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  wasm: "application/wasm",
  svg: "image/svg+xml",
  xml: "application/xml",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  tif: "image/tiff",
  tiff: "image/tiff",
  glb: "model/gltf-binary",
  gltf: "model/gltf+json",
  stl: "model/stl",
  obj: "model/obj",
  gz: "application/gzip",
  zip: "application/zip",
};

/** Documents without an extension: Zarr version 2, Neuroglancer's precomputed folders. */
const BY_NAME: Readonly<Record<string, string>> = {
  ".zarray": "application/json",
  ".zattrs": "application/json",
  ".zgroup": "application/json",
  ".zmetadata": "application/json",
  info: "application/json",
};

/** The content type for this key; `application/octet-stream` if the name does not tell. */
export function contentType(key: string): string {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const ending = dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
  return BY_NAME[name] ?? (Object.hasOwn(BY_ENDING, ending) ? BY_ENDING[ending]! : BINARY);
}

/**
 * Types that a browser would run or render with this server's origin. The files of an archive are not trusted, so these are sent as
 * downloads.
 */
export function isActive(type: string): boolean {
  return /^(?:text\/html|image\/svg\+xml|application\/xml|text\/css|text\/javascript|application\/wasm)/.test(type);
}
