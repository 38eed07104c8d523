/** OpenOrganelle: the page as a browser fills it, the older manifests, the database that wants a key, and the public bucket. */
import { gzipSync } from "node:zlib";
import { urlSafe } from "./neuroglancer.mjs";
import { escapeHtml, fileOf, madeFile } from "./tree.mjs";

export const ORGANELLE_ID = "jrc_mus-nacc-2";
export const ORGANELLE_BUCKET = "janelia-cosem-datasets";
/** A data set that the manifests know, with a volume in N5. */
export const OLD_ORGANELLE_ID = "jrc_example-1";
/** The key of the offline database. */
export const ORGANELLE_KEY = "offline-key";

const VOLUME = `${ORGANELLE_ID}/${ORGANELLE_ID}.zarr/recon-2/em/fibsem-int16`;
const SHAPE = [564, 2520, 2596];
const SCALE = [2.96, 4, 4];
const LEVELS = 9;

const DETAILS = [
  ["Imaging start date:", " Mon Mar 09 2015"],
  ["Final voxel size (nm):", " (4, 4, 2.96) (x, y, z)"],
  ["Dimensions (nm):", " (10384, 10080, 1669.44) (x, y, z)"],
  ["Dataset ID:", ` ${ORGANELLE_ID}`],
  ["reconstructed FIB-SEM data", "https://doi.org/10.25378/janelia.24222898"],
  ["Nuclei segmentations", "https://doi.org/10.25378/janelia.26513209"],
  ["Xu et al., 2021", "https://doi.org/10.1038/s41586-021-03992-4"],
  ["Xu et al., 2017", "https://doi.org/10.7554/eLife.25916"],
  ["Wu et al., 2017", "https://doi.org/10.1073/pnas.1701078114"],
  ["Dataset location:", ` s3://${ORGANELLE_BUCKET}/${ORGANELLE_ID}/`],
];
const PARAMETERS = [
  ["Imaging duration (days) :", " 1"],
  ["Bias (Volts):", " 500"],
  ["Scan rate (MHz):", " 0.4"],
  ["Current (nA):", " 0.22"],
  ["Primary energy (eV):", " 200"],
];

/** A box with its heading and a paragraph for each fact, the last part a link where it is an address. */
function organelleBox(heading, facts) {
  const shown = (value) =>
    value.startsWith("https:") ? `<a href="${escapeHtml(value)}">${escapeHtml(value)}</a>` : escapeHtml(value);
  return `<div class="MuiGrid-item"><h6 class="MuiTypography-h6">${escapeHtml(heading)}</h6>
${facts.map(([name, value]) => `<p class="MuiTypography-body2"><strong>${escapeHtml(name)}</strong>${shown(value)}</p>`).join("\n")}
</div>`;
}

/** The viewer's state as the page links to it: the viewer's own form of JSON, then what a browser encodes of it; a shader quotes a colour. */
function viewerLink() {
  const metre = (nanometres) => [nanometres * 1e-9, "m"];
  const state = {
    dimensions: { x: metre(4), y: metre(4), z: metre(2.96) },
    layers: [
      {
        type: "image",
        source: { url: `zarr://s3://${ORGANELLE_BUCKET}/${VOLUME}`, subsources: { default: true } },
        shader: '#uicontrol vec3 color color(default="white")\nvoid main() {emitRGB(color);}',
        name: "fibsem-int16",
      },
    ],
    layout: "4panel",
  };
  return `https://neuroglancer-demo.appspot.com/#!${encodeURIComponent(urlSafe(state))}`;
}

function organellePage() {
  return `<!doctype html><html><head><title>OpenOrganelle</title></head><body><div id="root">
<h5>Nucleus accumbens of a mouse</h5>
<div class="MuiGrid-container">
${organelleBox("Acquisition details", DETAILS)}
${organelleBox("FIB-SEM parameters", PARAMETERS)}
${organelleBox("Other", [["Nothing:", " of interest"]])}
</div>
<a href="${escapeHtml(viewerLink())}">View</a>
</div></body></html>
`;
}

/** What the server itself sends: a frame that a browser would fill. */
const EMPTY_PAGE = '<!doctype html><html><head><title>OpenOrganelle</title></head><body><div id="root"></div></body></html>\n';

/** @param {{ organellePage?: "filled" | "empty" | undefined }} options @returns {import("./server.d.mts").Site} */
export function organelleSite({ organellePage: form = "filled" }) {
  return ({ path }) =>
    /^\/datasets\/[\w-]+\/?$/.test(path)
      ? {
          status: 200,
          headers: { "content-type": "text/html" },
          body: path.replace(/\/$/, "").endsWith(`/${ORGANELLE_ID}`) && form === "filled" ? organellePage() : EMPTY_PAGE,
        }
      : undefined;
}

/** The older data set in the form of `fibsem-metadata`. */
export function organelleManifest() {
  return {
    name: OLD_ORGANELLE_ID,
    metadata: {
      title: "An example of the older form",
      id: OLD_ORGANELLE_ID,
      imaging: {
        institution: "HHMI / Janelia Research Campus",
        gridSpacing: { unit: "nm", values: { x: 4, y: 4, z: 3.36 } },
        dimensions: { unit: "µm", values: { x: 48, y: 6.4, z: 20.1 } },
        startDate: "2017-06-21",
        duration: 13,
        biasVoltage: 0,
        scanRate: 0.5,
        current: 1,
        primaryEnergy: 900,
      },
      sample: { description: "an example" },
      DOI: [{ id: "em", DOI: "10.25378/janelia.00000001" }],
      publications: [{ title: "Example et al., 2020", href: "https://doi.org/10.0000/example" }],
    },
    sources: {
      "fibsem-uint16": {
        url: `https://${ORGANELLE_BUCKET}.s3.amazonaws.com/${OLD_ORGANELLE_ID}/${OLD_ORGANELLE_ID}.n5/em/fibsem-uint16`,
        format: "n5",
        transform: { axes: ["z", "y", "x"], units: ["nm", "nm", "nm"], translate: [0, 0, 0], scale: [3.36, 4, 4] },
        sampleType: "scalar",
        contentType: "em",
        displaySettings: { contrastLimits: { start: 0.11, end: 0.16, min: 0, max: 1 } },
      },
    },
    views: [],
  };
}

/** @type {import("./server.d.mts").Site} */
export function organelleDatabase({ path, query, headers }) {
  if (path !== "/rest/v1/dataset") return undefined;
  const json = (value, status = 200) => ({
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  });
  if (headers.apikey !== ORGANELLE_KEY) return json({ message: "No API key found in request" }, 401);
  if (query.get("name") !== `eq.${ORGANELLE_ID}`) return json([]);
  return json([
    {
      name: ORGANELLE_ID,
      description: "Nucleus accumbens of a mouse",
      sample: {},
      image_acquisition: {
        name: ORGANELLE_ID,
        institution: "HHMI / Janelia",
        start_date: "2015-03-09",
        grid_axes: ["z", "y", "x"],
        grid_spacing: [2.96, 4, 4],
        grid_spacing_unit: "nm",
        grid_dimensions: [1.66944, 10.08, 10.384],
        grid_dimensions_unit: "um",
      },
      images: [
        {
          name: "fibsem-int16",
          url: `s3://${ORGANELLE_BUCKET}/${VOLUME}`,
          format: "zarr",
          source: { duration_days: 1, bias_V: 500, scan_hz: 400_000, current_nA: 0.22, landing_energy_eV: 200 },
          display_settings: { contrastLimits: { start: -1000, end: 1000 } },
        },
      ],
      publication: [{ name: "Xu et al., 2017", url: "https://doi.org/10.7554/eLife.25916" }],
    },
  ]);
}

/** The first level of which the bucket has chunks: what is finer would be gigabytes, and is absent (zeros). */
const STORED_FROM = 4;

/** A chunk that is stored plain inside of a Blosc frame (c-blosc's header: versions, flags, size of an element, three lengths). @param {number} seed */
function bloscChunk(seed) {
  const bytes = 2 * 64 ** 3;
  return madeFile(16 + bytes, () => {
    const values = new Int16Array(64 ** 3);
    for (let at = 0; at < values.length; at++) values[at] = ((at * 31 + seed * 977) % 4001) - 2000;
    const head = Buffer.alloc(16);
    head.set([2, 1, 0x22, 2]);
    for (const [at, length] of [bytes, bytes, bytes + 16].entries()) head.writeUInt32LE(length, 4 + 4 * at);
    return Buffer.concat([head, Buffer.from(values.buffer)]);
  });
}

/** A block of N5: mode, axes and lengths in big-endian order, then the samples, compressed. @param {readonly number[]} lengths x first */
function n5Block(lengths) {
  const head = Buffer.alloc(4 + 4 * lengths.length);
  head.writeUInt16BE(lengths.length, 2);
  for (const [at, length] of lengths.entries()) head.writeUInt32BE(length, 4 + 4 * at);
  const count = lengths.reduce((product, length) => product * length, 1);
  const samples = Buffer.alloc(2 * count);
  for (let at = 0; at < count; at++) samples.writeUInt16BE((at * 7) % 60_000, 2 * at);
  return fileOf(Buffer.concat([head, gzipSync(samples)]));
}

/**
 * What the bucket holds: a pyramid of nine levels of which the coarse ones have chunks (but for one, which is zeros), an N5 volume of two blocks of which
 * one is absent, and things that are no volumes.
 */
export function* organelleFiles() {
  const json = (value) => fileOf(JSON.stringify(value, null, 4), "application/json");
  const zarr = `${ORGANELLE_ID}/${ORGANELLE_ID}.zarr`;
  for (const folder of [zarr, `${zarr}/recon-2`, `${zarr}/recon-2/em`]) yield [`${folder}/.zgroup`, json({ zarr_format: 2 })];
  yield [`${VOLUME}/.zgroup`, json({ zarr_format: 2 })];
  const datasets = Array.from({ length: LEVELS }, (_, level) => ({
    path: `s${level}`,
    coordinateTransformations: [
      { type: "scale", scale: SCALE.map((edge) => edge * 2 ** level) },
      { type: "translation", translation: SCALE.map((edge) => (edge * (2 ** level - 1)) / 2) },
    ],
  }));
  const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "nanometer" }));
  const whole = [{ type: "scale", scale: [1, 1, 1] }];
  yield [
    `${VOLUME}/.zattrs`,
    json({ multiscales: [{ version: "0.4", name: "", axes, coordinateTransformations: whole, datasets }] }),
  ];
  for (let level = 0; level < LEVELS; level++) {
    yield [
      `${VOLUME}/s${level}/.zarray`,
      json({
        zarr_format: 2,
        shape: SHAPE.map((length) => Math.max(1, Math.floor(length / 2 ** level))),
        chunks: [64, 64, 64],
        dtype: "<i2",
        order: "C",
        fill_value: 0,
        filters: null,
        compressor: { id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 },
        dimension_separator: "/",
      }),
    ];
  }
  for (let level = STORED_FROM; level < LEVELS; level++) {
    const cells = SHAPE.map((length) => Math.ceil(Math.max(1, Math.floor(length / 2 ** level)) / 64));
    for (let y = 0; y < cells[1]; y++) {
      for (let x = 0; x < cells[2]; x++) {
        if (level === STORED_FROM && y === 1 && x === 1) continue;
        yield [`${VOLUME}/s${level}/0/${y}/${x}`, bloscChunk(level * 100 + y * 10 + x)];
      }
    }
  }
  yield [`${ORGANELLE_ID}/notes & things.txt`, fileOf("a file beside the volumes\n", "text/plain")];
  const n5 = `${OLD_ORGANELLE_ID}/${OLD_ORGANELLE_ID}.n5/em/fibsem-uint16`;
  yield [`${OLD_ORGANELLE_ID}/${OLD_ORGANELLE_ID}.n5/attributes.json`, json({ n5: "2.0.0" })];
  yield [`${n5}/attributes.json`, json({ pixelResolution: { unit: "nm", dimensions: [4, 4, 3.36] }, scales: [[1, 1, 1]] })];
  yield [
    `${n5}/s0/attributes.json`,
    json({ dimensions: [120, 16, 60], blockSize: [64, 64, 64], dataType: "uint16", compression: { type: "gzip", level: -1 } }),
  ];
  yield [`${n5}/s0/0/0/0`, n5Block([64, 16, 60])];
}
