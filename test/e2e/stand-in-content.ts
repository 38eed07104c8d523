import { readFileSync } from "node:fs";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { RAWTLT, tinyMdoc } from "./ingest-plan-kit.js";

/** What a file is for. One file may serve several sources: a mask of many labels, a list of the particles of all runs. */
export type Use =
  | { kind: "volume"; spacingAngstrom: number; labels?: readonly number[] }
  | { kind: "stack"; spacingAngstrom: number }
  /** `frame`: the file that it names for every image, asked for when all files are known. */
  | { kind: "mdoc"; frame: () => string | undefined }
  | { kind: "ctf"; format: string }
  | { kind: "points"; format: string; binning: number; filter?: string | undefined; delimiter?: string | undefined }
  | { kind: "table"; run: string }
  | { kind: "metadata"; document: object }
  | { kind: "mesh" | "caption"; format: string }
  | { kind: "alignment" | "angles" | "frame" | "gain" | "picture" | "marker" };

type Bytes = string | Uint8Array;

const EDGE = 8;
const DIMENSION = { x: EDGE, y: EDGE, z: EDGE };
/** Voxels, x, y, z: asymmetric, all inside of a volume of 8³. */
const POINTS = [
  [1, 2, 3],
  [5, 3, 2],
  [6, 4, 1],
] as const;
const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

/**
 * What stands in for a file: small, valid, and enough for every source that finds it.
 *
 * @param path its name says which of a kind's formats it has.
 * @returns files by their paths below it; `""` is the file itself, anything else makes it a folder.
 */
export function standInFiles(path: string, uses: readonly Use[]): Record<string, Bytes> {
  const [first] = uses as [Use];
  const name = path.slice(path.lastIndexOf("/") + 1);
  switch (first.kind) {
    case "volume": {
      const volumes = uses.filter((use) => use.kind === "volume");
      const labels = [...new Set(volumes.flatMap((use) => use.labels ?? []))];
      const voxels = voxelsOf(labels);
      return name.endsWith(".zarr")
        ? omeZarr(voxels, first.spacingAngstrom)
        : { "": mrc([EDGE, EDGE, EDGE], voxels, first.spacingAngstrom, "tomogram") };
    }
    case "stack":
      return { "": mrc([3, EDGE, EDGE], voxelsOf([]).slice(0, 3 * EDGE * EDGE), first.spacingAngstrom, "tiltseries") };
    case "mdoc": {
      const frame = first.frame();
      return { "": tinyMdoc(() => frame) };
    }
    case "ctf":
      return { "": ctfText(first.format) };
    case "points": {
      const all = uses.filter((use) => use.kind === "points");
      return {
        "": pointsOf(first.format, first.binning, first.delimiter, [...new Set(all.map(({ filter }) => filter ?? "any"))]),
      };
    }
    case "table": {
      const runs = uses.flatMap((use) => (use.kind === "table" ? [use.run] : []));
      const rows = runs.map((run) => `${run},GO:0005840,ribosome,eighty of them,whole`);
      return { "": `${["run_name,object_id,object_name,object_description,object_state", ...rows].join("\n")}\n` };
    }
    case "metadata":
      return { "": JSON.stringify(Object.assign({}, ...uses.map((use) => (use.kind === "metadata" ? use.document : {})))) };
    case "mesh":
      return { "": meshOf(first.format) };
    case "caption":
      return { "": JSON.stringify({ captions: ["three dots in a box"], objects: [{ id: 1, caption: "a dot" }] }) };
    case "angles":
      return { "": RAWTLT };
    case "alignment":
      return { "": alignmentText(name) };
    case "frame":
      return { "": fixture(/\.eer$/i.test(name) ? "tiff/events.eer" : "tiff/movie-u8-le.tif") };
    case "gain":
      return {
        "": /\.dm4$/i.test(name)
          ? fixture("dm/volume-f4-le.dm4")
          : mrc([1, EDGE, EDGE], voxelsOf([]).slice(0, EDGE * EDGE), 1, "tiltseries"),
      };
    case "picture":
      return {
        "": /\.gif$/i.test(name)
          ? new TextEncoder().encode("GIF89a\u0001\u0000\u0001\u0000")
          : Uint8Array.of(...pictureMagic(name), 0, 0, 0, 0),
      };
    case "marker":
      return { "": "" };
  }
}

/** Metadata of what a deposition only refers to, by the name of the file. */
export function storedMetadata(
  key: string,
  { deposition, run, spacingAngstrom }: { deposition: number; run: string; spacingAngstrom: number },
): object {
  const dimension = Object.fromEntries(Object.entries(DIMENSION).map(([axis, size]) => [axis, size * spacingAngstrom]));
  const common = { deposition_id: deposition, last_updated_at: 1_790_000_000 };
  if (key.endsWith("alignment_metadata.json"))
    return { volume_dimension: dimension, files: [null], alignment_type: "GLOBAL", ...common };
  const folder = key.slice(0, key.lastIndexOf("/"));
  return {
    run_name: run,
    size: DIMENSION,
    voxel_spacing: spacingAngstrom,
    omezarr_dir: `${folder}/${run}.zarr`,
    mrc_file: `${folder}/${run}.mrc`,
    ...common,
  };
}

function pictureMagic(name: string): number[] {
  return /\.jpe?g$/i.test(name) ? [0xff, 0xd8, 0xff, 0xe0] : [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
}

/** Every label in equal parts, or a ramp. */
function voxelsOf(labels: readonly number[]): Float32Array {
  return Float32Array.from({ length: EDGE ** 3 }, (_, at) =>
    labels.length > 0 ? [0, ...labels][at % (labels.length + 1)]! : at % 101,
  );
}

function mrc(
  shape: [number, number, number],
  voxels: Float32Array,
  voxelSizeAngstrom: number,
  kind: "tomogram" | "tiltseries",
): Uint8Array {
  const statistics = { min: Math.min(...voxels), max: Math.max(...voxels), mean: 0, rms: -1 };
  const head = mrcHeaderBytes({ kind, shape, dtype: "float32", voxelSizeAngstrom, statistics, dateMs: 0 });
  return Buffer.concat([head, new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength)]);
}

/** One level, one chunk, not compressed. */
function omeZarr(voxels: Float32Array, spacingAngstrom: number): Record<string, Bytes> {
  const shape = [EDGE, EDGE, EDGE];
  const scale = shape.map(() => spacingAngstrom);
  const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale }] }];
  const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" }));
  const array = {
    zarr_format: 2,
    shape,
    chunks: shape,
    dtype: "<f4",
    compressor: null,
    filters: null,
    fill_value: 0,
    order: "C",
  };
  return {
    ".zgroup": JSON.stringify({ zarr_format: 2 }),
    ".zattrs": JSON.stringify({ multiscales: [{ version: "0.4", name: "/", axes, datasets }] }),
    "0/.zarray": JSON.stringify({ ...array, dimension_separator: "/" }),
    "0/0/0/0": new Uint8Array(voxels.buffer),
  };
}

function ctfText(format: string): string {
  const rows = [1, 2, 3];
  if (format === "IMOD")
    return rows
      .map((view, at) => `${view}\t${view}\t${3 * at - 3}.00\t${3 * at - 3}.00\t3500.0${at === 0 ? "\t2" : ""}\n`)
      .join("");
  const lines = rows.map((section) => `${section} 35000.0 34000.0 -62.1 0.0 0.12 8.5\n`);
  return `# section defocus1 defocus2 azimuth phase_shift cross_correlation resolution\n${lines.join("")}`;
}

/** The tilt axis lies where the acquisition file has it. */
function alignmentText(name: string): string {
  if (/\.(tlt|tltx|rawtlt)$/.test(name)) return RAWTLT;
  if (/\.xtilt$/.test(name)) return "0.00\n0.00\n0.00\n";
  if (/\.xf$/.test(name)) return "   0.0958458   0.9953962  -0.9953962   0.0958458       1.500      -2.250\n".repeat(3);
  if (/\.com$/.test(name))
    return "$tilt -StandardInput\nInputProjections stack.ali\nOutputFile full.rec\nTILTFILE stack.tlt\nTHICKNESS 8\n";
  const rows = [-3, 0, 3].map((tilt, at) => `${at} 84.5 1.0 1.5 -2.25 1.00 1.00 1.00 0.00 ${tilt}.00`);
  return [
    "# AreTomo Alignment / Priims bprmMn",
    `# RawSize = ${EDGE} ${EDGE} 3`,
    "# NumPatches = 0",
    "# AlphaOffset = 0.00",
    "# BetaOffset = 0.00",
    "# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT",
    ...rows,
    "",
  ].join("\n");
}

/** @param filters names that some source takes its rows by: each has all the points */
function pointsOf(format: string, binning: number, delimiter: string | undefined, filters: readonly string[]): Bytes {
  const scaled = POINTS.map((point) => point.map((value) => value * binning));
  const separator = delimiter ?? (format === "tsv" ? "\t" : ",");
  const rows = scaled.map((point) => point.join(separator));
  const star = (
    block: string,
    columns: readonly string[],
    row: (point: readonly number[], filter: string) => readonly (string | number)[],
  ) => {
    const lines = filters.flatMap((filter) => scaled.map((point) => row(point, filter).join(" ")));
    return [`data_${block}`, "", "loop_", ...columns.map((column, at) => `_${column} #${at + 1}`), ...lines, ""].join("\n");
  };
  const coordinates = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"];
  switch (format) {
    case "csv":
    case "tsv":
      return `${rows.join("\n")}\n`;
    case "csv_with_header":
      return `${[["x", "y", "z"].join(separator), ...rows].join("\n")}\n`;
    case "tardis":
      return `${["IDs,X [A],Y [A],Z [A]", ...rows.map((row, at) => `${at},${row}`)].join("\n")}\n`;
    case "copick":
      return JSON.stringify({
        pickable_object_name: "ribosome",
        user_id: "somebody",
        session_id: "1",
        run_name: "any",
        voxel_spacing: binning,
        unit: "angstrom",
        points: scaled.map(([x, y, z], at) => ({
          location: { x, y, z },
          transformation_: [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 1 : 0))),
          instance_id: at,
          score: 1,
        })),
      });
    case "relion3_star":
    case "tomoman_relion_star":
      return star("", [...coordinates, "rlnMicrographName", "rlnTomoName"], (point, filter) => [
        ...point,
        90,
        45,
        180,
        filter,
        filter,
      ]);
    case "relion4_star": {
      const optics = ["data_optics", "", "loop_", "_rlnOpticsGroup #1", "_rlnImagePixelSize #2", "1 1.5", "", ""].join("\n");
      return (
        optics +
        star("particles", [...coordinates, "rlnTomoName", "rlnOpticsGroup"], (point, filter) => [
          ...point,
          90,
          45,
          180,
          filter,
          1,
        ])
      );
    }
    case "stopgap_star": {
      const columns = ["tomo_num", "orig_x", "orig_y", "orig_z", "x_shift", "y_shift", "z_shift", "phi", "psi", "the"];
      return star("stopgap_motivelist", columns, (point, filter) => [filter, ...point, 0, 0, 0, 90, 180, 45]);
    }
    case "mod":
      return imodModel(scaled);
  }
  throw new Error(`no stand-in for points of the format ${format}`);
}

/** One object with its points in one contour, and a slicer angle for each: big-endian, as `spec` of IMOD's models has it. */
function imodModel(points: readonly (readonly number[])[]): Uint8Array {
  const chunk = (id: string, size: number, fill: (view: DataView) => void, sized = true) => {
    const bytes = new Uint8Array((sized ? 8 : 4) + size);
    bytes.set(new TextEncoder().encode(id));
    const view = new DataView(bytes.buffer);
    if (sized) view.setUint32(4, size);
    fill(new DataView(bytes.buffer, sized ? 8 : 4));
    return bytes;
  };
  const head = new Uint8Array(232);
  const header = new DataView(head.buffer);
  for (const at of [128, 132, 136]) header.setInt32(at, EDGE);
  header.setInt32(140, 1);
  for (const at of [176, 180, 184]) header.setFloat32(at, 1);
  const contour = chunk(
    "CONT",
    16 + 12 * points.length,
    (view) => {
      view.setInt32(0, points.length);
      for (const [at, point] of points.entries())
        for (const [axis, value] of point.entries()) view.setFloat32(16 + 12 * at + 4 * axis, value);
    },
    false,
  );
  const slicers = points.map((point) =>
    chunk("SLAN", 60, (view) => {
      for (const [axis, value] of [13.1, 0, -30.2].entries()) view.setFloat32(4 + 4 * axis, value);
      for (const [axis, value] of point.entries()) view.setFloat32(16 + 4 * axis, value);
    }),
  );
  const object = chunk(
    "OBJT",
    176,
    (view) => {
      view.setInt32(128, 1);
      view.setUint32(132, 1 << 9);
      view.setInt32(156, 3);
    },
    false,
  );
  const text = (value: string) => new TextEncoder().encode(value);
  return Buffer.concat([text("IMODV1.2"), head, object, contour, ...slicers, text("IEOF")]);
}

/** One triangle. */
function meshOf(format: string): Bytes {
  const corners = POINTS.map((point) => point.join(" "));
  switch (format) {
    case "obj":
      return `${corners.map((corner) => `v ${corner}`).join("\n")}\nf 1 2 3\n`;
    case "stl":
      return `solid one\nfacet normal 0 0 1\nouter loop\n${corners.map((corner) => `vertex ${corner}`).join("\n")}\nendloop\nendfacet\nendsolid one\n`;
    case "vtk":
      return `# vtk DataFile Version 3.0\none\nASCII\nDATASET POLYDATA\nPOINTS 3 float\n${corners.join("\n")}\nPOLYGONS 1 4\n3 0 1 2\n`;
    case "glb":
      return glb();
  }
  throw new Error(`no stand-in for meshes of the format ${format}`);
}

function glb(): Uint8Array {
  const positions = new Uint8Array(Float32Array.from(POINTS.flat()).buffer);
  const column = (axis: number, choose: (...values: number[]) => number) => choose(...POINTS.map((point) => point[axis]!));
  const document = JSON.stringify({
    asset: { version: "2.0" },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 }, mode: 4 }] }],
    accessors: [
      {
        bufferView: 0,
        componentType: 5126,
        count: 3,
        type: "VEC3",
        min: [0, 1, 2].map((axis) => column(axis, Math.min)),
        max: [0, 1, 2].map((axis) => column(axis, Math.max)),
      },
    ],
    bufferViews: [{ buffer: 0, byteLength: positions.length }],
    buffers: [{ byteLength: positions.length }],
  });
  const json = new TextEncoder().encode(document.padEnd(Math.ceil(document.length / 4) * 4));
  const bytes = new Uint8Array(12 + 8 + json.length + 8 + positions.length);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of [0x46546c67, 2, bytes.length, json.length, 0x4e4f534a].entries()) view.setUint32(4 * at, value, true);
  bytes.set(json, 20);
  view.setUint32(20 + json.length, positions.length, true);
  view.setUint32(24 + json.length, 0x004e4942, true);
  bytes.set(positions, 28 + json.length);
  return bytes;
}
