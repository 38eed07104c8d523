import type { Difference } from "./difference.js";

/** A kind of difference that somebody has written down. */
export interface Allowed {
  path: RegExp;
  at: RegExp;
  /** Where both have a value: whether ours may be that. */
  fits?: (reference: unknown, ours: unknown) => boolean;
  /** A line of `docs/reference/compat.md`, or of the README of the archives. */
  compat?: string;
  archives?: string;
}

const within = (share: number) => (reference: unknown, ours: unknown) =>
  Math.abs(Number(reference) - Number(ours)) <= share * Math.max(Math.abs(Number(reference)), Math.abs(Number(ours)));

const sizeOf = (text: unknown) => String(text).split("×").map(Number);
const higherBy = (pixels: number) => (reference: unknown, ours: unknown) => {
  const [[width, height], [ownWidth, ownHeight]] = [sizeOf(reference), sizeOf(ours)];
  return width === ownWidth && Math.abs(height! - ownHeight!) <= pixels;
};

/** Every difference between a tree of the reference's program and ours with `--compat reference` must be one of these. */
export const ALLOWED: readonly Allowed[] = [
  {
    path: /\.mrc$/,
    at: /^label\[0\]$/,
    fits: (reference, ours) => /^Validated by cryoET/.test(String(reference)) && /^Converted by emporium/.test(String(ours)),
    compat: "| first label of MRC files | names emporium | names the portal |",
  },
  {
    path: /-neuroglancer_config\.json$/,
    at: /^layers\[0\]\.shaderControls\.contrast_3D\.(range|window)\[[01]\]$/,
    fits: within(5e-5),
    compat: "| `contrast_3D` | within 1e-5 of the width of the limits |",
  },
  {
    path: /_orientedpoint\.ndjson$/,
    at: /^\[\d+\]\.xyz_rotation_matrix\[\d\]\[\d\]$/,
    // a bit of a number of about 1
    fits: (reference, ours) => Math.abs(Number(reference) - Number(ours)) <= 4 * Number.EPSILON,
    compat: "| orientations at some angles | sines and cosines are those numbers rounded |",
  },
  {
    path: /\/key-photo-original\.png$/,
    at: /^size$/,
    fits: higherBy(2),
    compat: "| `original` picture of a tomogram | has the tomogram's size | up to 2 pixels higher or lower |",
  },
  {
    path: /\/(key-photo-)?thumbnail\.png$/,
    at: /^size$/,
    fits: (reference, ours) => reference === "134×101" && ours === "134×100",
    compat: "| height of thumbnails | 100 | 100 or 101 |",
  },
  { path: /\.png$/, at: /^pixels$/, compat: "| pixels of pictures | drawn by the reference's rules, from whole pixels |" },
  {
    path: /-neuroglancer_config\.json$/,
    at: /^layers\[\d+\]\.shader$/,
    fits: (reference, ours) => `${controlsOf(reference)}` === `${controlsOf(ours)}`,
    compat: "| text of shaders | our own, with the same controls and the same picture |",
  },
  {
    path: /\/NeuroglancerPrecompute\/[^/]+\/provenance$/,
    at: /^path$/,
    fits: (_, ours) => ours === "nothing",
    compat: "| `provenance` beside precomputed masks | not there |",
  },
  {
    path: /\/NeuroglancerPrecompute\/[^/]+\/mesh\/(\w+\.shard|\d+:0|mesh\.\d+\.\d+)$/,
    at: /^path$/,
    compat: "| surfaces in views | one resolution (`neuroglancer_legacy_mesh`) |",
  },
  {
    path: /\/NeuroglancerPrecompute\/[^/]+\/mesh\/info$/,
    at: /^(@type|mip|chunk_size|spatial_index|vertex_quantization_bits|transform|lod_scale_multiplier|sharding)$/,
    compat: "several, in Draco (`neuroglancer_multilod_draco`)",
  },
  {
    path: /(\/dataset_metadata|\/deposition_metadata)\.json$/,
    at: /^path$/,
    fits: (_, ours) => ours === "a file",
    archives: "dataset and deposition JSON were not reached by it",
  },
  { path: /\/Gains\/CountRef_\w+\.mrc$/, at: /./, archives: "so DM4 gains are not to be compared" },
];

/** The lines of a shader that make the controls whose values a view holds. */
function controlsOf(shader: unknown): string[] {
  return String(shader)
    .split("\n")
    .filter((line) => line.startsWith("#uicontrol"))
    .sort();
}

export function allowanceOf({ path, at, reference, ours }: Difference): Allowed | undefined {
  return ALLOWED.find((allowed) => allowed.path.test(path) && allowed.at.test(at) && (allowed.fits?.(reference, ours) ?? true));
}
