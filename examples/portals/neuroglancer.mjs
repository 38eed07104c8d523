/** Short links that lead to a viewer's state, in the three forms that a fragment has, and the bucket that its layers name. */
import { fileOf, madeFile } from "./tree.mjs";

export const HEMIBRAIN_BUCKET = "neuroglancer-janelia-flyem-hemibrain";
const ROOT = `precomputed://gs://${HEMIBRAIN_BUCKET}`;
const STATE_KEY = "states/hemibrain.json";

/** The view of the hemibrain with its six layers. */
export function hemibrainState() {
  const metre = [8e-9, "m"];
  const layer = (type, name, source, more = {}) => ({ type, source, name, ...more });
  return {
    dimensions: { x: metre, y: metre, z: metre },
    position: [16191.96484375, 20705.708984375, 18610],
    crossSectionScale: 54.23751620061224,
    layers: [
      layer("image", "emdata", `${ROOT}/emdata/clahe_yz/jpeg`),
      layer("segmentation", "segmentation", `${ROOT}/v1.0/segmentation`, { visible: false }),
      layer("segmentation", "roi", { url: `${ROOT}/v1.0/rois`, subsources: { default: true, properties: true, mesh: true } }),
      layer("annotation", "synapse", `${ROOT}/v1.0/synapses`, {
        shader: '#uicontrol vec3 c color(default="red")\nvoid main() { setColor(c); } // of a_b',
      }),
      layer("segmentation", "mito", `${ROOT}/mito_20190717.27250582`, { visible: false }),
      layer("segmentation", "mask", `${ROOT}/mask_normalized_round6`, { segments: ["2"] }),
    ],
    showSlices: false,
    layout: "4panel",
  };
}

/**
 * Short links: `hemibrain-ng` (the state itself), `hemibrain-ng-stored` (an address of it), `hemibrain-ng-merge` (`+`), `hemibrain-ng-safe`
 * (no quotes), `chain` (two hops), `loop`, `away` (to a private address), `nowhere`.
 * @param {{ hemibrain?: unknown }} options @returns {import("./server.d.mts").Site}
 */
export function shortLinks({ hemibrain = hemibrainState() }) {
  const viewer = "https://neuroglancer-demo.appspot.com/";
  const text = JSON.stringify(hemibrain);
  const links = {
    "/hemibrain-ng": `${viewer}#!${encodeURIComponent(text)}`,
    "/hemibrain-ng-stored": `${viewer}#!gs://${HEMIBRAIN_BUCKET}/${STATE_KEY}`,
    "/hemibrain-ng-merge": `${viewer}#!+${text.replaceAll("%", "%25")}`,
    "/hemibrain-ng-safe": `${viewer}#!${urlSafe(hemibrain)}`,
    "/chain": "https://bit.ly/chain-2",
    "/chain-2": "/hemibrain-ng",
    "/loop": "https://tinyurl.com/loop",
    "/away": "http://169.254.169.254/latest/meta-data/",
    "/stored-away": `${viewer}#!http://127.0.0.1:1/state.json`,
    "/nowhere": "https://tinyurl.com/",
  };
  return ({ path, method }) => {
    const location = links[path];
    if (location === undefined) return { status: 404, headers: { "content-type": "text/html" }, body: "<h1>404</h1>" };
    // as some shorteners do
    if (method === "HEAD" && path === "/hemibrain-ng-stored") return { status: 405, headers: { allow: "GET" }, body: "" };
    return { status: 301, headers: { location, "content-type": "text/html" }, body: "" };
  };
}

/** The viewer's form without percent signs: `'` for strings, `_` for commas. */
export function urlSafe(value) {
  if (Array.isArray(value)) return `[${value.map(urlSafe).join("_")}]`;
  if (value !== null && typeof value === "object") {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${urlSafe(key)}:${urlSafe(inner)}`)
      .join("_")}}`;
  }
  if (typeof value !== "string") return JSON.stringify(value);
  return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'").replaceAll("%", "%25")}'`;
}

/** What the bucket holds: the `info` of the grey values, and the stored state. @param {{ hemibrain?: unknown }} options */
export function* hemibrainFiles({ hemibrain = hemibrainState() }) {
  const json = (value) => fileOf(JSON.stringify(value), "application/json");
  yield [STATE_KEY, json(hemibrain)];
  const sharding = {
    "@type": "neuroglancer_uint64_sharded_v1",
    preshift_bits: 9,
    minishard_bits: 6,
    shard_bits: 15,
    hash: "identity",
    minishard_index_encoding: "gzip",
    data_encoding: "raw",
  };
  const scales = Array.from({ length: 9 }, (_, level) => ({
    key: [8, 8, 8].map((edge) => edge * 2 ** level).join("x"),
    size: [34428, 39726, 41394].map((length) => Math.ceil(length / 2 ** level)),
    resolution: [8, 8, 8].map((edge) => edge * 2 ** level),
    voxel_offset: [0, 0, 0],
    chunk_sizes: [[64, 64, 64]],
    encoding: "jpeg",
    sharding,
  }));
  yield [
    "emdata/clahe_yz/jpeg/info",
    json({ "@type": "neuroglancer_multiscale_volume", type: "image", data_type: "uint8", num_channels: 1, scales }),
  ];
  const volume = (type, data_type, encoding, size) => ({
    "@type": "neuroglancer_multiscale_volume",
    type,
    data_type,
    num_channels: 1,
    scales: [{ key: "16x16x16", size, resolution: [16, 16, 16], voxel_offset: [0, 0, 0], chunk_sizes: [[64, 64, 64]], encoding }],
  });
  for (const [folder, shape] of [
    ["v1.0/segmentation", [128, 64, 100]],
    ["v1.0/rois", [64, 64, 64]],
    ["mito_20190717.27250582", [64, 64, 64]],
    ["mask_normalized_round6", [100, 64, 64]],
  ]) {
    yield [`${folder}/info`, json(volume("segmentation", "uint64", "raw", shape))];
    // the second chunk along x, where there is one, is absent: zeros
    yield [`${folder}/16x16x16/0-64_0-64_0-64`, madeFile(64 ** 3 * 8, () => new Uint8Array(64 ** 3 * 8).fill(folder.length))];
  }
  yield [
    "v1.0/synapses/info",
    json({
      "@type": "neuroglancer_annotations_v1",
      annotation_type: "POINT",
      dimensions: { x: [8e-9, "m"], y: [8e-9, "m"], z: [8e-9, "m"] },
      lower_bound: [0, 0, 0],
      upper_bound: [34428, 39726, 41394],
      properties: [],
      relationships: [],
      by_id: { key: "by_id" },
      spatial: [{ key: "spatial0", grid_shape: [1, 1, 1], chunk_size: [34428, 39726, 41394], limit: 1 }],
    }),
  ];
  yield ["v1.0/synapses/spatial0/0_0_0", fileOf(new Uint8Array(8 + 20))];
}
