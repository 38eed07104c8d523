import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CHECKS } from "../../src/stations/ingest/validate/table.js";
import { removeTempFolders } from "./ingest-run-kit.js";
import {
  FRAME_PIXEL,
  found,
  ingestedLab,
  inMemoryTree,
  type Loose,
  lines,
  mend,
  mrcImage,
  png,
  standardized,
  type Tree,
  tiffImage,
} from "./validate-kit.js";

/**
 * For each check of the standardized suite a tree that breaks it, made of the laboratory's by changing one thing, and what else that
 * cannot but break: the check is found by its name, and nothing else is.
 */
let tree: Tree;

beforeAll(async () => {
  const { output } = await ingestedLab(["imod", "sim", "annotations"]);
  tree = await inMemoryTree(output);
  await mend(tree);
  tree.keep();
});
afterEach(() => tree.restore());
afterAll(removeTempFolders);

const D = "10401";
const R = `${D}/TS_0002`;
/** Of the run with MRC frames. */
const FIRST = `${D}/TS_0001`;
const SIM = "10405/TS_1";
const F = `${R}/Frames`;
const T = `${R}/TiltSeries/100`;
const L = `${R}/Alignments/100`;
const V = `${R}/Reconstructions/VoxelSpacing13.480`;
const O = `${V}/Tomograms/100`;
const TOMOGRAM = `${O}/TS_0002.mrc`;
const MASK = `${V}/Annotations/102/mitochondrion-1.0`;
const POINTS = `${V}/Annotations/100/fas__cytosolic-1.0`;
const ORIENTED = `${V}/Annotations/108/cytosolic_ribosome-1.0`;
const INSTANCES = `${V}/Annotations/111/microtubule-1.0`;
const LABELS = `${SIM}/Reconstructions/VoxelSpacing10.200/Annotations/101/protein_containing_complex-1.0`;

type Change = (tree: Tree) => Promise<unknown>;
type Case = [id: string, change: Change, implied?: readonly string[]];

const int =
  (key: string, at: number, value: number): Change =>
  (tree) =>
    tree.bytes(key, (view) => view.setInt32(at, value, true));
const float =
  (key: string, at: number, value: number): Change =>
  (tree) =>
    tree.bytes(key, (view) => view.setFloat32(at, value, true));
/** Multiplies cell edges: 40 is x, 44 y, 48 z. */
const scaled =
  (key: string, factor: number, ...edges: number[]): Change =>
  (tree) =>
    tree.bytes(key, (view) => {
      for (const at of edges) view.setFloat32(at, view.getFloat32(at, true) * factor, true);
    });
const json =
  (key: string, change: (document: Loose) => unknown): Change =>
  (tree) =>
    tree.json(key, change);
const text =
  (key: string, change: (text: string) => string): Change =>
  (tree) =>
    tree.text(key, change);
const write =
  (key: string, body: Uint8Array | string): Change =>
  (tree) =>
    tree.write(key, body);
const remove =
  (key: string): Change =>
  (tree) =>
    tree.remove(key);
const copy =
  (key: string, to: string): Change =>
  async (tree) =>
    tree.write(to, await tree.read(key));
const all =
  (...changes: Change[]): Change =>
  async (tree) => {
    for (const change of changes) await change(tree);
  };

const series = (change: (document: Loose) => unknown) => json(`${T}/tiltseries_metadata.json`, change);
const tomogram = (change: (document: Loose) => unknown) => json(`${O}/tomogram_metadata.json`, change);
const attributes = (folder: string, change: (image: Loose) => unknown) =>
  json(`${folder}/.zattrs`, ({ multiscales: [image] }) => change(image));
/** The matrix of the second point. */
const matrix = (rows: number[][]) =>
  text(`${ORIENTED}_orientedpoint.ndjson`, (body) => {
    const list = body.trim().split("\n");
    list[1] = JSON.stringify({ ...JSON.parse(list[1]!), xyz_rotation_matrix: rows });
    return `${list.join("\n")}\n`;
  });
const firstLine = (body: string, line: string) => [line, ...body.split("\n").slice(1)].join("\n");
/** A folder of the voxel spacing by another name, with all that names it. */
const renamed =
  (to: string): Change =>
  async (tree) => {
    await tree.move(`${V}/`, `${R}/Reconstructions/VoxelSpacing${to}/`);
    for (const key of await tree.keys(`${R}/Reconstructions/`)) {
      if (!/\.json$/.test(key)) continue;
      const body = new TextDecoder().decode(await tree.read(key));
      await tree.write(key, body.replaceAll("VoxelSpacing13.480", `VoxelSpacing${to}`));
    }
  };

const MRC: Case[] = [
  ["mrc.readable", write(TOMOGRAM, new Uint8Array(100))],
  ["mrc.space-group", int(TOMOGRAM, 88, 0)],
  ["mrc.map-id", (tree) => tree.bytes(TOMOGRAM, (view) => view.setUint8(211, 0))],
  ["mrc.machine-stamp", (tree) => tree.bytes(TOMOGRAM, (view) => view.setUint16(212, 0))],
  ["mrc.mode", int(TOMOGRAM, 12, 3)],
  ["mrc.mode", int(`${LABELS}_instancesegmentationmask.mrc`, 12, 1)],
  ["mrc.dimensions", int(TOMOGRAM, 220, -1), ["mrc.labels"]],
  ["mrc.cell", float(`${R}/Gains/CountRef_TS_0002.mrc`, 48, -1)],
  ["mrc.extended-header", (tree) => tree.bytes(TOMOGRAM, (view) => view.setUint32(104, 0x20202020))],
  ["mrc.axes", all(int(TOMOGRAM, 64, 2), int(TOMOGRAM, 68, 1))],
  ["mrc.grid", int(`${R}/Gains/CountRef_TS_0002.mrc`, 36, 2)],
  ["mrc.angles", float(TOMOGRAM, 52, 91)],
  ["mrc.origin", float(TOMOGRAM, 200, 1)],
  ["mrc.start", int(TOMOGRAM, 24, -16)],
  ["mrc.length", async (tree) => tree.write(TOMOGRAM, Buffer.concat([await tree.read(TOMOGRAM), Buffer.alloc(2 ** 21)]))],
  ["mrc.length", async (tree) => tree.write(TOMOGRAM, (await tree.read(TOMOGRAM)).slice(0, -4))],
  ["mrc.length-exact", async (tree) => tree.write(TOMOGRAM, Buffer.concat([await tree.read(TOMOGRAM), Buffer.alloc(1)]))],
  ["mrc.labels", int(TOMOGRAM, 220, 2)],
  ["mrc.labels", (tree) => tree.bytes(TOMOGRAM, (_, bytes) => bytes.fill(0x20, 304, 384))],
  ["mrc.version", int(TOMOGRAM, 108, 0)],
  ["mrc.spacing", scaled(TOMOGRAM, 1.0005, 40, 44, 48)],
  ["mrc.statistics", float(TOMOGRAM, 76, -1e6)],
  ["mrc.statistics", float(`${T}/TS_0002.mrc`, 80, 1e6)],
  ["mrc.statistics", float(TOMOGRAM, 84, 1e5)],
  ["mrc.statistics", float(TOMOGRAM, 216, 1e5)],
];

const ZARR: Case[] = [
  ["zarr.readable", write(`${O}/TS_0002.zarr/.zattrs`, "{")],
  [
    "zarr.ngff",
    attributes(`${O}/TS_0002.zarr`, ({ datasets }) => {
      datasets[0].coordinateTransformations.push({ type: "translation", translation: ["0", 0, 0] });
    }),
  ],
  ["zarr.ngff-advice", attributes(`${O}/TS_0002.zarr`, (image) => delete image.version)],
  ["zarr.children", write(`${O}/TS_0002.zarr/readme.txt`, "text")],
  [
    "zarr.paths",
    attributes(`${O}/TS_0002.zarr`, ({ datasets }) => {
      datasets[1].path = "one";
    }),
  ],
  [
    "zarr.axes",
    attributes(`${O}/TS_0002.zarr`, ({ axes }) => {
      axes[2].unit = "nanometer";
    }),
  ],
  ["zarr.levels", remove(`${O}/TS_0002.zarr/2/`), ["zarr.children"]],
  ["zarr.dtype", json(`${O}/TS_0002.zarr/1/.zarray`, (array) => Object.assign(array, { dtype: "<u4" }))],
  [
    "zarr.kept-type",
    all(
      attributes(`${O}/TS_0002.zarr`, (image) => {
        image.metadata.rounding = "half to even";
      }),
      ...[0, 1, 2].map((level) => json(`${O}/TS_0002.zarr/${level}/.zarray`, (array) => Object.assign(array, { dtype: "<u2" }))),
    ),
  ],
  ["zarr.dtype", json(`${MASK}_segmentationmask.zarr/0/.zarray`, (array) => Object.assign(array, { dtype: "<i2" }))],
  [
    "zarr.scales",
    attributes(`${O}/TS_0002.zarr`, ({ datasets }) => {
      datasets[1].coordinateTransformations[0].scale[0] += 0.01;
    }),
  ],
  [
    "volume.both-formats",
    all(
      remove(`${MASK}_segmentationmask.zarr/`),
      json(`${MASK}.json`, (document) => document.files.shift()),
    ),
  ],
  ["volume.shapes", json(`${O}/TS_0002.zarr/1/.zarray`, (array) => Object.assign(array, { shape: [16, 28, 31] }))],
];

const IMAGES: Case[] = [
  ["frame.readable", write(`${F}/TS_0002_003.tif`, new Uint8Array([0x49, 0x49, 42, 0, 8, 0, 0, 0]))],
  [
    "frame.extension",
    all(
      copy(`${F}/TS_0002_003.tif`, `${F}/TS_0002_003.img`),
      remove(`${F}/TS_0002_003.tif`),
      text(`${F}/TS_0002.mdoc`, (body) => body.replace("_003.tif", "_003.img")),
    ),
    ["files.named"],
  ],
  ["frame.tiff-shapes", write(`${F}/TS_0002_003.tif`, tiffImage(16, 16, 4))],
  ["frame.mrc-shapes", write(`${FIRST}/Frames/TS_0001_003.mrc`, mrcImage([4, 16, 32], FRAME_PIXEL))],
  ["frame.mrc-pixel-sizes", scaled(`${FIRST}/Frames/TS_0001_003.mrc`, 1.01, 40, 44)],
  ["frame.square-pixels", scaled(`${FIRST}/Frames/TS_0001_003.mrc`, 1.01, 44)],
  ["gain.readable", write(`${FIRST}/Gains/CountRef.tif`, new Uint8Array([0x49, 0x49, 42, 0, 8, 0, 0, 0]))],
  ["gain.extension", write(`${R}/Gains/CountRef.raw`, new Uint8Array(64))],
  ["gain.tiff-shapes", write(`${FIRST}/Gains/Other.tif`, tiffImage(16, 16, 1))],
  ["gain.mrc-shapes", write(`${R}/Gains/Other.mrc`, mrcImage([1, 16, 32], FRAME_PIXEL))],
  ["gain.mrc-pixel-sizes", write(`${R}/Gains/Other.mrc`, mrcImage([1, 32, 32], 4))],
  ["gain.square-pixels", scaled(`${R}/Gains/CountRef_TS_0002.mrc`, 1.01, 44)],
  ["gain.one-section", write(`${R}/Gains/CountRef_TS_0002.mrc`, mrcImage([2, 32, 32], FRAME_PIXEL))],
  ["gain.frame-shape", write(`${FIRST}/Gains/CountRef_TS_0001.mrc`, mrcImage([1, 16, 16], FRAME_PIXEL))],
  ["gain.frame-pixel-size", scaled(`${FIRST}/Gains/CountRef_TS_0001.mrc`, 1.01, 40, 44)],
];

const MDOC = `${F}/TS_0002.mdoc`;
const ACQUISITION: Case[] = [
  ["mdoc.readable", write(MDOC, "[ZValue = 0]\nTiltAngle = steep\n")],
  ["mdoc.lines", text(MDOC, (body) => `${body}\nTiltAngle 9\n`)],
  [
    "mdoc.angles",
    text(MDOC, (body) => body.replace("TiltAngle = 9", "TiltAngle = 99")),
    ["rawtlt.in-mdoc", "tiltseries.raw-angles", "tiltseries.tilt-range"],
  ],
  ["mdoc.frame-count", remove(`${F}/TS_0002_003.tif`), ["files.named", "mdoc.frame-names"]],
  ["mdoc.sub-frame-paths", text(`${SIM}/Frames/TS_1.mdoc`, (body) => body.replace(/SubFramePath = .*\n/, ""))],
  ["mdoc.frame-names", text(MDOC, (body) => body.replace("_003.tif", "_033.tif"))],
  ["mdoc.sub-frame-count", text(MDOC, (body) => body.replace("NumSubFrames = 4", "NumSubFrames = 5"))],
  ["mdoc.sub-frame-type", write(`${F}/TS_0002_003.tif`, new Uint8Array(2000))],
  [
    "frame.metadata-count",
    json(`${F}/frames_metadata.json`, ({ frames }) =>
      frames.push({ acquisition_order: 7, accumulated_dose: 21, exposure_dose: 0 }),
    ),
  ],
  ["frame.gain-file", remove(`${R}/Gains/`)],
  [
    "frame.acquisition-order",
    json(`${F}/frames_metadata.json`, ({ frames }) => {
      frames[6].acquisition_order = 7;
    }),
  ],
  [
    "frame.dose-order",
    json(`${F}/frames_metadata.json`, ({ frames }) => {
      frames[2].accumulated_dose = 1;
    }),
  ],
];

const RAW = `${T}/TS_0002.rawtlt`;
const TOO_MANY = ["alignment.tlt-rawtlt", "rawtlt.count", "rawtlt.in-mdoc", "tiltseries.rawtlt-count"];
const without = (ids: readonly string[], id: string) => ids.filter((other) => other !== id);
const TILTS: Case[] = [
  ["rawtlt.readable", write(RAW, "three degrees\n")],
  ["rawtlt.not-empty", write(RAW, "\n"), ["alignment.tlt-rawtlt"]],
  ["rawtlt.range", text(RAW, (body) => firstLine(body, "95.00")), ["rawtlt.in-mdoc", "tiltseries.rawtlt-order"]],
  ["rawtlt.count", text(RAW, (body) => `${body}12.00\n`), without(TOO_MANY, "rawtlt.count")],
  ["tiltseries.rawtlt-count", text(RAW, (body) => `${body}12.00\n`), without(TOO_MANY, "tiltseries.rawtlt-count")],
  ["rawtlt.in-mdoc", text(RAW, (body) => firstLine(body, "1.50")), ["tiltseries.rawtlt-order"]],
  ["tilt-axis.in-mdoc", text(MDOC, (body) => body.replace("Tilt axis angle", "Tilt angle"))],
  ["tilt-axis.range", series((document) => Object.assign(document, { tilt_axis: document.tilt_axis + 360 }))],
  ["tilt-axis.agrees", series((document) => Object.assign(document, { tilt_axis: 60 }))],
];

const sections = (change: (list: Loose[]) => unknown) => series(({ per_section_parameter: list }) => change(list));
const set = (field: string, value: unknown) => (document: Loose) => Object.assign(document, { [field]: value });
const TILTSERIES: Case[] = [
  ["tiltseries.size-scales", series(({ size }) => Object.assign(size, { x: 65 })), ["tiltseries.size-mrc"]],
  ["tiltseries.scales-halve", series(({ scales }) => Object.assign(scales[2], { x: 17 })), ["tiltseries.scales-zarr"]],
  ["tiltseries.scales-z", series(({ scales }) => Object.assign(scales[2], { z: 6 })), ["tiltseries.scales-zarr"]],
  ["tiltseries.size-mrc", int(`${T}/TS_0002.mrc`, 8, 6), ["mrc.length-exact", "mrc.statistics"]],
  ["tiltseries.scales-zarr", json(`${T}/TS_0002.zarr/2/.zarray`, set("shape", [7, 12, 17])), ["volume.shapes"]],
  ["tiltseries.zarr-name", series(set("omezarr_dir", `${FIRST}/TiltSeries/100/TS_0001.zarr`))],
  ["tiltseries.mrc-name", series(set("mrc_file", `${FIRST}/TiltSeries/100/TS_0001.mrc`))],
  ["metadata.values", series(set("acceleration_voltage", 300))],
  ["tiltseries.voltage", series(set("acceleration_voltage", 0))],
  ["tiltseries.spherical-aberration", series(set("spherical_aberration_constant", -2.7))],
  ["tiltseries.total-flux", series((document) => delete document.total_flux), ["tiltseries.exposure"]],
  ["tiltseries.tilting-scheme", series(set("tilting_scheme", ""))],
  ["tiltseries.run-name", series(set("run_name", "TS_0003"))],
  [
    "tiltseries.mdoc-sections",
    series(({ size, scales }) => {
      for (const one of [size, ...scales]) one.z = 8;
    }),
    ["alignment.transforms", "tiltseries.scales-zarr", "tiltseries.sections", "tiltseries.size-mrc"],
  ],
  ["tiltseries.tilt-range", series(({ tilt_range: range }) => Object.assign(range, { max: 9.2 }))],
  ["tiltseries.tilt-step", series(set("tilt_step", 2))],
  ["tiltseries.exposure", series(set("total_flux", 22.5))],
  ["tiltseries.frame-count", sections((list) => list.push({ z_index: 0 })), ["tiltseries.sections"]],
  ["tiltseries.astigmatic-angle", sections((list) => Object.assign(list[1], { astigmatic_angle: 200 }))],
  ["tiltseries.phase-shift", sections((list) => Object.assign(list[1], { phase_shift: 6.3 }))],
  ["tiltseries.max-resolution", sections((list) => Object.assign(list[1], { max_resolution: -1 }))],
  ["tiltseries.sections", sections((list) => list.splice(3, 1))],
  ["tiltseries.sections", sections((list) => Object.assign(list[1], { z_index: 2 }))],
  ["tiltseries.z-index", sections((list) => Object.assign(list[1], { z_index: 7 })), ["tiltseries.sections"]],
  [
    "tiltseries.raw-angles",
    sections((list) => Object.assign(list[1], { raw_angle: list[0].raw_angle })),
    ["tiltseries.rawtlt-order"],
  ],
  [
    "tiltseries.frame-binning",
    async (tree) => {
      const keys = (await tree.keys(`${FIRST}/`)).filter((key) => /\/(Frames|Gains)\/.*\.mrc$/.test(key));
      for (const key of keys) await scaled(key, 1.3, 40, 44, 48)(tree);
    },
  ],
];

const alignment = (change: (document: Loose) => unknown) => json(`${L}/alignment_metadata.json`, change);
const TLT = `${L}/TS_0002.tlt`;
const ALIGNMENT: Case[] = [
  ["alignment.tlt-readable", write(TLT, "1.0 2.0\n")],
  ["alignment.tlt-not-empty", write(TLT, ""), ["alignment.tlt-rawtlt"]],
  ["alignment.tlt-range", text(TLT, (body) => firstLine(body, "-95.0"))],
  ["alignment.tlt-rawtlt", text(TLT, (body) => body.split("\n").slice(1).join("\n"))],
  ["alignment.tlt-mdoc", text(TLT, (body) => `${body.trimEnd()}\n11.7\n`), ["alignment.tlt-rawtlt", "alignment.tlt-sections"]],
  ["alignment.tlt-sections", text(TLT, (body) => `${body.trimEnd()}\n11.7\n`), ["alignment.tlt-mdoc", "alignment.tlt-rawtlt"]],
  ["alignment.sections", alignment(({ per_section_alignment_parameters: list }) => list.splice(2, 1))],
  ["alignment.sections", alignment(({ per_section_alignment_parameters: list }) => Object.assign(list[2], { z_index: 1 }))],
  ["alignment.transforms", text(`${L}/TS_0002.xf`, (body) => body.split("\n").slice(1).join("\n")), ["alignment.sections"]],
  [
    "alignment.rotation",
    json(`${L}/alignment_metadata.json`, ({ per_section_alignment_parameters: list }) => {
      list[3].in_plane_rotation = [
        [1, 0],
        [0, 1],
      ];
    }),
  ],
];

const FILES: Case[] = [
  ["files.dataset-metadata", remove(`${D}/dataset_metadata.json`)],
  ["files.run-folder", remove(`${SIM}/`)],
  ["files.run-metadata", remove(`${R}/run_metadata.json`)],
  ["files.reconstructions", remove(`${R}/Reconstructions/`)],
  ["files.voxel-spacing-folder", (tree) => tree.move(`${V}/`, `${R}/Reconstructions/Spacing13.480/`)],
  ["files.tiltseries-metadata", remove(`${T}/tiltseries_metadata.json`), ["files.named"]],
  ["files.tiltseries-mrc", series(set("mrc_file", `${R}/TiltSeries/101/TS_0002.mrc`))],
  ["files.tiltseries-zarr", series(set("omezarr_dir", `${R}/TiltSeries/101/TS_0002.zarr`))],
  ["files.tomogram-metadata", remove(`${O}/tomogram_metadata.json`)],
  ["files.tomogram-mrc", tomogram(set("mrc_file", `${V}/Tomograms/101/TS_0002.mrc`))],
  ["files.tomogram-zarr", tomogram(set("omezarr_dir", `${V}/Tomograms/101/TS_0002.zarr`))],
  ["files.named", tomogram(set("alignment_metadata_path", `${R}/Alignments/101/alignment_metadata.json`))],
  ["files.named", alignment(set("tiltseries_path", `${R}/TiltSeries/101/tiltseries_metadata.json`))],
  ["files.named", json(`${MASK}.json`, set("alignment_metadata_path", `${R}/Alignments/101/alignment_metadata.json`))],
  ["files.named", json(`${F}/frames_metadata.json`, ({ frames }) => Object.assign(frames[1], { path: `${F}/none.tif` }))],
  ["files.frames-metadata", remove(`${F}/frames_metadata.json`)],
  ["files.one-mdoc", copy(MDOC, `${F}/other.mdoc`)],
  ["files.one-rawtlt", copy(RAW, `${T}/other.rawtlt`)],
  ["files.one-tlt", copy(TLT, `${L}/other.tlt`)],
  ["files.no-dm4", write(`${R}/Gains/CountRef.dm4`, new Uint8Array(64)), ["gain.extension"]],
  ["files.annotation-metadata", remove(`${MASK}.json`)],
  ["files.annotation-files", json(`${MASK}.json`, ({ files }) => files.push({ path: `${MASK}_point.ndjson`, shape: "Point" }))],
  ["files.annotation-strays", write(`${MASK}_notes.txt`, "text")],
];

const deposition = (change: (document: Loose) => unknown) => json("depositions_metadata/10301/deposition_metadata.json", change);
const dataset = (change: (document: Loose) => unknown) => json(`${D}/dataset_metadata.json`, change);
const METADATA: Case[] = [
  ["metadata.readable", write(`${L}/alignment_metadata.json`, "[]")],
  ["metadata.deposition-id", deposition(set("deposition_id", 0))],
  ["metadata.authors", tomogram(({ authors }) => Object.assign(authors[0], { name: "" }))],
  ["metadata.corresponding-author", dataset(({ authors }) => Object.assign(authors[0], { corresponding_author_status: false }))],
  ["metadata.primary-author", json(`${MASK}.json`, ({ authors }) => delete authors[0].primary_author_status)],
  ["metadata.deposition-link", json(`${R}/run_metadata.json`, set("deposition_id", 19999))],
  ["deposition.title", deposition(set("deposition_title", ""))],
  ["deposition.description", deposition((document) => delete document.deposition_description)],
  ["deposition.identifier", deposition(set("deposition_identifier", null))],
  ["dataset.title", dataset(set("dataset_title", ""))],
  ["dataset.description", dataset((document) => delete document.dataset_description)],
  ["dataset.identifier", dataset(set("dataset_identifier", null))],
  ["dataset.folder", dataset(set("dataset_identifier", 10402))],
  ["deposition.folder", deposition(set("deposition_identifier", 10302))],
  ["run.name", json(`${R}/run_metadata.json`, set("run_name", "TS_0001"))],
  ["run.last-updated", json(`${R}/run_metadata.json`, set("last_updated_at", "today"))],
  ["voxel-spacing.name", renamed("13.48")],
  [
    "voxel-spacing.range",
    renamed("31.480"),
    ["mrc.spacing", "neuroglancer.scales", "scale.truth", "tomogram.voxel-spacing", "zarr.scales"],
  ],
  [
    "voxel-spacing.whole",
    renamed("13.000"),
    ["mrc.spacing", "neuroglancer.scales", "scale.truth", "tomogram.voxel-spacing", "zarr.scales"],
  ],
];

const TOMOGRAMS: Case[] = [
  ["tomogram.size-scales", tomogram(({ size }) => Object.assign(size, { x: 65 })), ["annotation.mask-size", "tomogram.size-mrc"]],
  ["tomogram.scales-halve", tomogram(({ scales }) => Object.assign(scales[2], { z: 9 }))],
  [
    "tomogram.size-mrc",
    tomogram(({ size, scales }) => {
      size.z = 31;
      scales[0].z = 31;
    }),
    ["annotation.mask-size"],
  ],
  ["tomogram.zarr-name", tomogram(set("omezarr_dir", `${FIRST}/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.zarr`))],
  ["tomogram.mrc-name", tomogram(set("mrc_file", `${FIRST}/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.mrc`))],
  ["tomogram.voxel-spacing", tomogram(set("voxel_spacing", 13.485))],
];

const points = `${POINTS}_point.ndjson`;
const labels = (change: (label: Loose) => unknown) =>
  attributes(`${LABELS}_instancesegmentationmask.zarr`, ({ metadata }) => change(metadata["image-label"]));
const ANNOTATIONS: Case[] = [
  ["annotation.object", json(`${MASK}.json`, ({ annotation_object: object }) => Object.assign(object, { id: 5 }))],
  ["annotation.object-count", json(`${MASK}.json`, set("object_count", -1))],
  ["points.readable", text(points, (body) => `${body}{"type": "point"}\n`)],
  ["annotation.point-count", text(points, (body) => body.split("\n").slice(1).join("\n"))],
  ["annotation.instance-count", json(`${INSTANCES}.json`, set("object_count", 9))],
  [
    "annotation.points-inside",
    text(points, (body) => firstLine(body, '{"type": "point", "location": {"x": 63.5, "y": 1.0, "z": 1.0}}')),
  ],
  [
    "annotation.rotation-shape",
    matrix([
      [1, 0, 0],
      [0, 1, 0],
    ]),
  ],
  [
    "annotation.rotation-determinant",
    matrix([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, -1],
    ]),
  ],
  [
    "annotation.rotation-rows",
    matrix([
      [2, 0, 0],
      [0, 0.5, 0],
      [0, 0, 1],
    ]),
  ],
  [
    "annotation.rotation-orthogonal",
    matrix([
      [1, 0, 0],
      [1e-4, Math.sqrt(1 - 1e-8), 0],
      [0, 0, 1],
    ]),
  ],
  ["annotation.mask-size", int(`${MASK}_segmentationmask.mrc`, 8, 31), ["mrc.grid", "mrc.length-exact", "volume.shapes"]],
  [
    "annotation.image-label",
    attributes(`${LABELS}_instancesegmentationmask.zarr`, (image) => Object.assign(image, { metadata: {} })),
  ],
  ["annotation.label-colours", labels((label) => Object.assign(label, { colors: [] })), ["annotation.label-count"]],
  ["annotation.label-values", labels(({ colors }) => Object.assign(colors[0], { "label-value": 0 }))],
  ["annotation.label-values", labels(({ colors }) => Object.assign(colors[0], { "label-value": 2 }))],
  ["annotation.label-count", json(`${LABELS}.json`, set("object_count", 4))],
];

const photo = (name: string) => `${V}/Images/100/key-photo-${name}.png`;
const STATE = `${V}/NeuroglancerPrecompute/100-neuroglancer_config.json`;
const PHOTOS: Case[] = [
  ["photo.exists", remove(photo("thumbnail"))],
  ["photo.decodes", (tree) => tree.bytes(photo("snapshot"), (view) => view.setUint8(60, view.getUint8(60) ^ 1))],
  ["photo.decodes", write(photo("snapshot"), "<html>404</html>")],
  ["photo.size", write(`${D}/Images/snapshot.png`, png(49, 64))],
  ["photo.thumbnail-size", write(photo("thumbnail"), png(133, 100))],
  ["photo.snapshot-size", write(photo("snapshot"), png(512, 383))],
  ["photo.tomogram-photos", tomogram(({ key_photo: photos }) => Object.assign(photos, { snapshot: null }))],
  ["neuroglancer.exists", remove(STATE)],
  ["neuroglancer.layers", write(STATE, '{"layers": []}')],
  ["neuroglancer.sources", text(STATE, (body) => body.replace("Tomograms/100/TS_0002.zarr", "Tomograms/101/TS_0002.zarr"))],
];

const SCALE: Case[] = [
  ["scale.truth", tomogram(set("voxel_spacing", 12)), ["tomogram.voxel-spacing"]],
  ["scale.binning", text(MDOC, (body) => body.replaceAll("PixelSpacing = 3.3702", "PixelSpacing = 2"))],
];

/** Voxels of the coarsest level, stored without a codec. */
const rawChunk =
  (change: (voxels: Float32Array) => unknown): Change =>
  async (tree) => {
    let length = 0;
    await tree.json(`${O}/TS_0002.zarr/2/.zarray`, (array) => {
      length = array.shape.reduce((product: number, n: number) => product * n, 1);
      Object.assign(array, { compressor: null, chunks: array.shape, dtype: "<f4" });
    });
    const voxels = new Float32Array(length);
    change(voxels);
    await tree.write(`${O}/TS_0002.zarr/2/0/0/0`, new Uint8Array(voxels.buffer));
  };
const doubled = ({ x, y, z }: Loose) => {
  for (const axis of [x, y, z]) axis[0] *= 2;
};
const RUNS_DOWN = "9.00\n6.00\n3.00\n0.00\n-3.00\n-6.00\n-9.00\n";

/** Faults that nothing found before. */
const OVERLOOKED: Case[] = [
  ["neuroglancer.scales", json(STATE, ({ dimensions }) => doubled(dimensions))],
  ["neuroglancer.scales", json(STATE, ({ layers }) => doubled(layers[0].source.transform.outputDimensions))],
  ["neuroglancer.scales", json(STATE, ({ layers }) => doubled(layers[1].source.transform.inputDimensions))],
  ["volume.chunks", remove(`${O}/TS_0002.zarr/1/0/0/0`)],
  ["volume.chunks", remove(`${T}/TS_0002.zarr/2/0/0/0`)],
  ["volume.chunks", remove(`${MASK}_segmentationmask.zarr/1/0/0/0`)],
  ["mrc.finite", float(TOMOGRAM, 1024 + 4 * (64 * 56 * 7 + 64 * 5 + 3), Number.NaN)],
  ["mrc.finite", float(`${T}/TS_0002.mrc`, 1024 + 4 * 99, Number.POSITIVE_INFINITY)],
  [
    "zarr.finite",
    rawChunk((voxels) => {
      voxels[77] = Number.NaN;
    }),
  ],
  // one sign of the alignment's own file, and of its metadata
  ["alignment.tlt-signs", text(TLT, (body) => body.replace(" 8.70", "-8.70"))],
  [
    "alignment.tilt-signs",
    alignment(({ per_section_alignment_parameters: list }) => Object.assign(list[6], { tilt_angle: -8.7 })),
  ],
  // the run is tilted to and fro: its own order is that of the mdoc
  ["rawtlt.order", text(RAW, (body) => `${body.trim().split("\n").reverse().join("\n")}\n`), ["tiltseries.rawtlt-order"]],
  ["alignment.tlt-order", write(RAW, RUNS_DOWN), ["tiltseries.rawtlt-order"]],
  ["tiltseries.rawtlt-order", text(RAW, (body) => body.replace("3.00\n-3.00", "-3.00\n3.00"))],
];

const CASES = [
  ...MRC,
  ...ZARR,
  ...IMAGES,
  ...ACQUISITION,
  ...TILTS,
  ...TILTSERIES,
  ...ALIGNMENT,
  ...FILES,
  ...METADATA,
  ...TOMOGRAMS,
  ...ANNOTATIONS,
  ...PHOTOS,
  ...SCALE,
  ...OVERLOOKED,
];
/** Memory has no links: walks-links.test.ts has a folder with some. */
const OF_FOLDERS = ["files.links", "files.circular-links"];

describe("the mended tree", () => {
  it("passes every check, each of them decided at least once", async () => {
    const validation = await standardized(tree);
    expect(lines(validation)).toEqual([]);
    expect(validation.checks.filter(({ passed }) => passed === 0).map(({ id }) => id)).toEqual(OF_FOLDERS);
  });
});

describe("a tree that breaks one check", () => {
  it("exists for every check of the suite", () => {
    const cased = new Set(CASES.map(([id]) => id));
    const suite = CHECKS.filter(({ suites }) => suites.includes("standardized")).map(({ id }) => id);
    expect(suite.filter((id) => !cased.has(id))).toEqual(OF_FOLDERS);
    expect([...cased].filter((id) => !suite.includes(id))).toEqual([]);
  });

  it.each(CASES.filter((one) => !OVERLOOKED.includes(one)))("seam 44: is found by %s", (...one) => isFound(...one));

  it.each(OVERLOOKED)("(34.20) is found by %s", (...one) => isFound(...one));

  async function isFound(id: string, change: Change, implied: readonly string[] = []): Promise<void> {
    await change(tree);
    const validation = await standardized(tree, { filter: tree.changedRuns() });
    expect(found(validation)).toEqual([id, ...implied].sort());
    const finding = validation.findings.find(({ check }) => check === id)!;
    expect(finding.severity).toBe(CHECKS.find((check) => check.id === id)!.severity);
    expect(finding.key).not.toBe("");
    expect(finding.message).toContain("; expected ");
  }
});

describe("a tree that nothing is wrong with", () => {
  it("(34.20) is well where a dataset, its run and the folders have one name", async () => {
    for (const key of await tree.keys(`${SIM}/`)) await tree.move(key, key.replace(SIM, "1/1"));
    for (const key of await tree.keys("10405/")) await tree.move(key, key.replace("10405", "1"));
    for (const key of await tree.keys("1/")) {
      if (!/\.json$/.test(key)) continue;
      const body = new TextDecoder()
        .decode(await tree.read(key))
        .replaceAll(SIM, "1/1")
        .replaceAll("10405", "1");
      await tree.write(key, body.replaceAll('"run_name": "TS_1"', '"run_name": "1"'));
    }
    expect(lines(await standardized(tree, { filter: { dataset: ["1$"] } }))).toEqual([]);
  });

  it("(34.20) has an absent chunk where its voxels are zeros", async () => {
    await tree.bytes(TOMOGRAM, (_, bytes) => bytes.fill(0, 1024));
    await tree.remove(`${O}/TS_0002.zarr/1/0/0/0`);
    const { findings } = await standardized(tree, { filter: tree.changedRuns() });
    expect(found({ findings })).toEqual(["mrc.statistics"]);
  });

  it("(34.20) has labels that every second voxel misses", async () => {
    const mrc = `${LABELS}_instancesegmentationmask.mrc`;
    await tree.bytes(mrc, (view, bytes) => {
      bytes.fill(0, 1024);
      view.setUint16(1024 + 2, 7, true); // the second voxel of the first row
    });
    await tree.remove(`${LABELS}_instancesegmentationmask.zarr/1/0/0/0`);
    const { findings } = await standardized(tree, { filter: { dataset: ["10405"] } });
    expect(found({ findings })).toEqual(["mrc.statistics"]);
  });
});
