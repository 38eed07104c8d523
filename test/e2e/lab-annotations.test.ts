import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab, type Lab } from "../../examples/lab/generate.mjs";
import {
  CAPTION_COUNT,
  CORE_BOX,
  LABEL_BOXES,
  LABEL_VOXELS,
  MEMBRANE_BOX,
  type MeshBox,
  PARTICLES,
  SHELL_BOX,
  type VoxelBox,
} from "../../examples/lab/truth.mjs";
import { decodeBloscBox } from "../../src/arrays/kernels/blosc.js";
import type { Triple } from "../../src/core/box.js";
import { silentLog } from "../../src/core/log.js";
import { ingest } from "../../src/stations/ingest/ingest.js";
import type { IngestReport } from "../../src/stations/ingest/ingest-report.js";
import type { SelectionFlags } from "../../src/stations/ingest/selection.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";

/**
 * What people marked and measured in the miniature laboratory: deposits A to D with all their annotations, alignments and fits, then deposit
 * E, which marks more in the same runs. Whatever the format was, one truth arrives; and nothing but annotations comes from E.
 */
type Deposit = "imod" | "aretomo" | "batch" | "sim" | "annotations";
const FIRST = ["imod", "aretomo", "batch", "sim"] as const;
const root = tempFolder();
const output = join(root, "portal");
const OWN: Record<Deposit, number> = { imod: 10301, aretomo: 10303, batch: 10304, sim: 10305, annotations: 10306 };
let lab: Lab<Deposit>;
/** Of the output, before and after E: contents by name. */
let before: Map<string, string>;
let after: Map<string, string>;
const reports = new Map<Deposit, IngestReport>();

beforeAll(async () => {
  lab = await generateLab({ out: join(root, "lab"), sections: "all", deposits: [...FIRST, "annotations"] });
  for (const name of FIRST) reports.set(name, await run(name));
  before = contents();
  reports.set("annotations", await run("annotations"));
  after = contents();
});
afterAll(removeTempFolders);

function run(name: Deposit): Promise<IngestReport> {
  const added: SelectionFlags = { items: ["annotations"], metadata: ["annotation"] };
  return ingest({
    config: lab.deposits.find((deposit) => deposit.name === name)!.config,
    input: lab.input,
    output,
    selection: name === "annotations" ? added : { everything: true },
    workspace: join(root, "workspace"),
    jobs: 2,
    memoryBytes: 2 ** 28,
    keepGoing: true,
    writeMrc: true,
    writeZarr: true,
    forceOverwrite: false,
    compat: false,
    anonymous: false,
    sync: false,
    verify: false,
    dryRun: false,
    log: silentLog,
    signal: new AbortController().signal,
  });
}

function contents(): Map<string, string> {
  const names = (readdirSync(output, { recursive: true }) as string[]).sort();
  const files = names.filter((name) => statSync(join(output, name)).isFile());
  return new Map(
    files.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(output, name)))
        .digest("hex"),
    ]),
  );
}

interface Expected {
  deposit: Deposit;
  ingestId: string;
  prefix: string;
  objects: number;
  /** In the order of `files`: what stands behind the prefix, shape, whether it is shown unasked. */
  files: [end: string, shape: string, shown: boolean][];
}

const RUNS = {
  TS_0001: "10401/TS_0001/Reconstructions/VoxelSpacing13.480",
  TS_0002: "10401/TS_0002/Reconstructions/VoxelSpacing13.480",
  run_001: "10403/run_001/Reconstructions/VoxelSpacing4.990",
  run_002: "10403/run_002/Reconstructions/VoxelSpacing4.990",
  run_003: "10403/run_003/Reconstructions/VoxelSpacing4.990",
  TS_1: "10405/TS_1/Reconstructions/VoxelSpacing10.200",
} as const;
type Run = keyof typeof RUNS;

const point = (shown = false): Expected["files"][number] => ["point.ndjson", "Point", shown];
const oriented = (shown = false): Expected["files"][number] => ["orientedpoint.ndjson", "OrientedPoint", shown];
const instances: Expected["files"][number] = ["instancesegmentation.ndjson", "InstanceSegmentation", false];
const mesh: Expected["files"][number] = ["triangularmesh.glb", "TriangularMesh", false];
const caption: Expected["files"][number] = ["globalcaption.json", "GlobalCaption", false];
const mask = (shown = false, shape = "SegmentationMask"): Expected["files"] => [
  [`${shape.toLowerCase()}.zarr`, shape, shown],
  [`${shape.toLowerCase()}.mrc`, shape, shown],
];

function of(deposit: Deposit, ingestId: string, prefix: string, objects: number, ...files: Expected["files"]): Expected {
  return { deposit, ingestId, prefix, objects, files };
}

const FIVE = PARTICLES.length;
const INSTANCES = new Set(PARTICLES.map(({ instance }) => instance)).size;
const ORGANELLES = ["mitochondrion", "endoplasmic_reticulum", "golgi_apparatus", "nucleus", "vesicle"];
const MESHES = ["shell_obj", "shell_stl", "shell_binary_stl", "shell_vtk", "shell_5_1_vtk", "shell_glb"];
const MOTOR = "bacterial_type_flagellum_motor";

/** What is below each voxel spacing, in the order of ids, from 100: the deposit's own first, what E adds after it. */
function expected(run: Run): Expected[] {
  const motor = of("annotations", "flagellar-motor-1", `${MOTOR}-1.0`, FIVE, oriented(true), point());
  const stopgap = of("annotations", "cytosolic-ribosome-1", "cytosolic_ribosome-1.0", FIVE, oriented(true));
  const relion4 = of("annotations", "cytosolic-ribosome-2", "cytosolic_ribosome-2.0", FIVE, oriented(), point());
  const captions = of("annotations", "caption-1", "whole_tomogram-1.0", CAPTION_COUNT, caption);
  if (run === "TS_1") {
    return [
      of("sim", "cytosolic-ribosome-1", "cytosolic_ribosome-1.0", FIVE, ...mask(), oriented(true)),
      of("sim", "macromolecular-complex-1", "protein_containing_complex-1.0", 5, ...mask(true, "InstanceSegmentationMask")),
      motor,
      stopgap,
      relion4,
    ];
  }
  if (run === "TS_0001" || run === "TS_0002") {
    return [
      of("imod", "fatty-acid-synthase-1", "fas__cytosolic-1.0", FIVE, point(true)),
      of("imod", "cytosolic-ribosome-1", "cytosolic_ribosome-1.0", FIVE, point(true)),
      ...ORGANELLES.map((name, at) => of("imod", `organelle-${at + 1}`, `${name}-1.0`, 0, ...mask(at !== 2))),
      motor,
      stopgap,
      relion4,
      of("annotations", "cytosolic-ribosome-3", "cytosolic_ribosome-3.0", FIVE, oriented()),
      of("annotations", "microtubule-1", "microtubule-1.0", INSTANCES, instances),
      captions,
      of("annotations", "flagellar-motor-2", `${MOTOR}-2.0`, FIVE, point()),
      ...(run === "TS_0001" ? [of("annotations", "membrane-1", "membrane-1.0", 0, ...mask())] : []),
      of("annotations", "cytosolic-ribosome-4", "cytosolic_ribosome-4.0", FIVE, oriented()),
      of("annotations", "cytosolic-ribosome-5", "cytosolic_ribosome-5.0", FIVE, oriented()),
      of("annotations", "flagellar-motor-3", `${MOTOR}-3.0`, FIVE, point()),
    ];
  }
  const picks = of("aretomo", "cytosolic-ribosome-1", "cytosolic_ribosome-1.0", FIVE, point(true));
  if (run === "run_003") return [picks];
  return [
    picks,
    of("aretomo", "cytosolic-ribosome-2", "cytosolic_ribosome-2.0", FIVE, oriented(true)),
    of("aretomo", "vesicle-1", "vesicle-1.0", INSTANCES, instances),
    of("aretomo", "membrane-1", "membrane-1.0", 0, ...mask()),
    of("aretomo", "granule-1", "cytoplasmic_granule-1.0", 0, ...mask()),
    ...(run === "run_001" ? MESHES.map((name, at) => of("aretomo", `cell-wall-${at + 1}`, `shell_of_${name}-1.0`, 1, mesh)) : []),
    ...(run === "run_001"
      ? ["cell_wall", "nucleoid"].map((name, at) => of("aretomo", `segment-${at + 1}`, `${name}-1.0`, 1, mesh))
      : []),
    stopgap,
    captions,
  ];
}

const everyRun = Object.keys(RUNS) as Run[];
const all = everyRun.flatMap((run) =>
  expected(run).map((annotation, at) => {
    const folder = `${RUNS[run]}/Annotations/${100 + at}`;
    return { ...annotation, run, folder, base: `${folder}/${annotation.prefix}` };
  }),
);
/** Files of one end, with the annotation that they are of. */
const ending = (end: RegExp) =>
  all.flatMap((annotation) =>
    annotation.files.filter(([name]) => end.test(name)).map(([name]) => ({ annotation, key: `${annotation.base}_${name}` })),
  );

function json(key: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(output, key), "utf8"));
}

interface Line {
  type: string;
  location: Record<"x" | "y" | "z", number>;
  xyz_rotation_matrix?: number[][];
  instance_id?: number;
}

const lines = (key: string): Line[] =>
  readFileSync(join(output, key), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

describe("annotations of the laboratory", () => {
  it("fail nowhere", () => {
    const failed = [...reports].flatMap(([name, { errors }]) =>
      errors.filter(({ message }) => /annotation/i.test(message)).map(({ code, message }) => `${name}: ${code} ${message}`),
    );
    expect(failed).toEqual([]);
    expect(reports.get("sim")!.errors).toEqual([]);
    expect(reports.get("annotations")!.errors).toEqual([]);
  });

  it.each(everyRun)("are numbered from 100 in %s, E's after its own, and there are no others", (run) => {
    const folder = join(output, RUNS[run], "Annotations");
    const found = readdirSync(folder).map((id) => {
      const names = readdirSync(join(folder, id));
      return [Number(id), names.filter((name) => /[0-9]\.json$/.test(name))];
    });
    expect(found).toEqual(expected(run).map(({ prefix }, at) => [100 + at, [`${prefix}.json`]]));
  });

  it("are found at no other voxel spacing, and nothing is of a dataset or run that is not meant", () => {
    const folders = new Set([...after.keys()].flatMap((name) => /^.*(?=\/Annotations\/)/.exec(name) ?? []));
    expect([...folders].sort()).toEqual(Object.values(RUNS).sort());
    expect([...after.keys()].filter((name) => /10499|TS_100|TS_0003|10\.012\/Annotations/.test(name))).toEqual([]);
  });

  it.each(everyRun)("list their files and objects in %s", (run) => {
    for (const { base, files, objects, deposit, ingestId } of all.filter((annotation) => annotation.run === run)) {
      const metadata = json(`${base}.json`);
      expect(metadata.annotation_ingest_id).toBe(ingestId);
      expect(metadata.object_count, base).toBe(objects);
      expect(metadata.files, base).toMatchObject(
        files.map(([end, shape, shown]) => ({
          format: end.split(".").at(-1)!,
          path: `${base}_${end}`,
          shape,
          is_visualization_default: shown,
        })),
      );
      expect((metadata.files as unknown[]).length, base).toBe(files.length);
      for (const [end] of files) expect(statSync(join(output, `${base}_${end}`)).isDirectory(), end).toBe(end.endsWith("zarr"));
      expect(Number(metadata.deposition_id)).toBe(OWN[deposit]);
      const alignment = `${RUNS[run].replace(/\/Reconstructions.*/, "")}/Alignments/100/alignment_metadata.json`;
      expect(metadata.alignment_metadata_path).toBe(alignment);
    }
  });

  it("have no file that no metadata list", () => {
    const listed = new Set(all.flatMap(({ base, files }) => [`${base}.json`, ...files.map(([end]) => `${base}_${end}`)]));
    const strange = [...after.keys()].filter(
      (name) => name.includes("/Annotations/") && !listed.has(name) && !listed.has(name.replace(/\.zarr\/.*$/, ".zarr")),
    );
    expect(strange).toEqual([]);
  });

  it("keep what the configuration says of them", () => {
    const metadata = json(`${RUNS.TS_0001}/Annotations/100/fas__cytosolic-1.0.json`);
    expect(metadata.confidence).toEqual({ precision: 92.5, recall: 88, ground_truth_used: "cytosolic-ribosome-1" });
    expect(metadata.annotation_object).toEqual({
      name: "fatty acid synthase complex",
      id: "GO:0005835",
      description: "FAS, cytosolic",
    });
    const { files } = json(`${RUNS.run_001}/Annotations/101/cytosolic_ribosome-2.0.json`);
    expect(files).toMatchObject([{ is_portal_standard: true }]);
  });
});

describe("one truth", () => {
  const points = ending(/\.ndjson$/);

  it("comes from every format of points", () => {
    // for each run of A what it has of csv, mod, stopgap, relion4, tomoman, tardis, csv_with_header, relion5 with warp, tsv; then B: copick and
    // stopgap of three runs; then D: relion3, mod, stopgap, relion4
    expect(points.length).toBe(2 * (2 + 2 + 1 + 2 + 1 + 1 + 1 + 2 + 1) + (4 + 4 + 1) + (1 + 2 + 1 + 2));
  });

  it.each(points.map(({ key, annotation }) => [key.split("/").slice(1).join("/"), key, annotation] as const))(
    "arrives in %s",
    (_, key, { prefix }) => {
      const found = lines(key);
      expect(found.map(({ location: { x, y, z } }) => [x, y, z].map((at) => Number(at.toFixed(6))))).toEqual(
        PARTICLES.map(({ voxel: { x, y, z } }) => [x, y, z]),
      );
      const [kind] = key.slice(key.lastIndexOf(prefix) + prefix.length + 1).split(".");
      const types = { point: "point", orientedpoint: "orientedPoint", instancesegmentation: "instancePoint" } as const;
      expect(new Set(found.map(({ type }) => type))).toEqual(new Set([types[kind as keyof typeof types]]));
      for (const [at, { xyz_rotation_matrix: matrix, instance_id: instance }] of found.entries()) {
        const particle = PARTICLES[at]!;
        expect(matrix !== undefined).toBe(kind === "orientedpoint");
        expect(instance).toBe(kind === "instancesegmentation" ? particle.instance : undefined);
        const wrong = (matrix ?? []).flat().map((value, i) => Math.abs(value - particle.rotation.flat()[i]!));
        expect(Math.max(0, ...wrong), `particle ${particle.id}`).toBeLessThan(1e-6);
      }
    },
  );

  /** The box that a mask must hold, by its annotation. */
  function boxOf({ ingestId, deposit }: Expected): VoxelBox {
    const label = (wanted: number) => LABEL_BOXES.find((box) => box.label === wanted)!;
    const organelle = /^organelle-(\d)$/.exec(ingestId);
    if (organelle) return label(Number(organelle[1]));
    if (ingestId === "membrane-1") return deposit === "aretomo" ? MEMBRANE_BOX : label(1);
    return label(2); // granules, and the simulated ribosomes
  }

  const inside = ({ x, y, z }: VoxelBox, [atZ, atY, atX]: Triple) =>
    [[x, atX] as const, [y, atY] as const, [z, atZ] as const].every(([[first, last], at]) => first <= at && at <= last);
  const masks = ending(/mask\.mrc$/);

  it("is in every mask, MRC and Zarr", () => {
    expect(masks.length).toBe(2 * 5 + 1 + 2 * 2 + 2);
    for (const { key, annotation } of masks) {
      const isInstances = key.endsWith("_instancesegmentationmask.mrc");
      const bytes = readFileSync(join(output, key));
      const [nx, ny, nz, mode] = [0, 4, 8, 12].map((at) => bytes.readInt32LE(at)) as [number, number, number, number];
      expect(mode, key).toBe(isInstances ? 6 : 0);
      expect([nx, ny, nz], key).toEqual(annotation.run.startsWith("run") ? [64, 64, 32] : [64, 56, 32]);
      const width = isInstances ? 2 : 1;
      const voxels = bytes.subarray(bytes.length - nx * ny * nz * width);
      const wanted = (at: Triple) =>
        isInstances ? (LABEL_BOXES.find((box) => inside(box, at))?.label ?? 0) : Number(inside(boxOf(annotation), at));
      let counted = 0;
      for (let i = 0; i < nx * ny * nz; i++) {
        const value = isInstances ? voxels.readUInt16LE(2 * i) : voxels.readInt8(i);
        const at: Triple = [Math.floor(i / (nx * ny)), Math.floor(i / nx) % ny, i % nx];
        if (value !== wanted(at)) expect.fail(`${key}: ${value} at ${at}, wanted ${wanted(at)}`);
        counted += value > 0 ? 1 : 0;
      }
      if (!key.includes("/membrane-1.0") || annotation.deposit !== "aretomo")
        expect(counted, key).toBe(isInstances ? 5 * LABEL_VOXELS : LABEL_VOXELS);
      const zarr = join(output, key.replace(/mrc$/, "zarr"));
      const chunk: Triple = [256, 256, 256];
      const box = { start: [0, 0, 0] as Triple, stop: [nz, ny, nx] as Triple };
      const stored = decodeBloscBox(new Uint8Array(readFileSync(join(zarr, "0", "0", "0", "0"))), chunk, width, box);
      expect(Buffer.from(stored!).equals(voxels), zarr).toBe(true);
      const attributes = JSON.parse(readFileSync(join(zarr, ".zattrs"), "utf8")).multiscales[0];
      const label = attributes.metadata?.["image-label"];
      expect(label?.colors?.map((color: Record<string, number>) => color["label-value"])).toEqual(
        isInstances ? [1, 2, 3, 4, 5] : undefined,
      );
    }
  });

  it("keeps a voxel of every mask in every level: semantic ones by any, instances by every second", () => {
    for (const { key, annotation } of masks) {
      const isInstances = key.endsWith("_instancesegmentationmask.mrc");
      const width = isInstances ? 2 : 1;
      const size: Triple = annotation.run.startsWith("run") ? [32, 64, 64] : [32, 56, 64];
      for (const level of [1, 2]) {
        const step = 2 ** level;
        const [nz, ny, nx] = size.map((length) => Math.ceil(length / step)) as Triple;
        const name = join(output, key.replace(/mrc$/, "zarr"), String(level), "0", "0", "0");
        const box = { start: [0, 0, 0] as Triple, stop: [nz, ny, nx] as Triple };
        const stored = Buffer.from(decodeBloscBox(new Uint8Array(readFileSync(name)), [256, 256, 256], width, box)!);
        for (let i = 0; i < nz * ny * nx; i++) {
          const [z, y, x] = [Math.floor(i / (nx * ny)) * step, (Math.floor(i / nx) % ny) * step, (i % nx) * step] as Triple;
          const value = isInstances ? stored.readUInt16LE(2 * i) : stored.readInt8(i);
          const wanted = isInstances
            ? (LABEL_BOXES.find((label) => inside(label, [z, y, x]))?.label ?? 0)
            : Number(overlaps(boxOf(annotation), [z, y, x], step));
          if (value !== wanted) expect.fail(`${name}: ${value} at ${[z, y, x]}, wanted ${wanted}`);
        }
      }
    }
  });

  function overlaps({ x, y, z }: VoxelBox, [atZ, atY, atX]: Triple, step: number): boolean {
    return [[x, atX] as const, [y, atY] as const, [z, atZ] as const].every(
      ([[first, last], at]) => at <= last && first < at + step,
    );
  }

  const meshes = ending(/\.glb$/);

  it.each(meshes.map(({ key, annotation }) => [annotation.prefix, key, annotation] as const))(
    "is in the mesh %s",
    (_, key, { prefix }) => {
      const { bounds, triangles } = glb(readFileSync(join(output, key)));
      const box = prefix.startsWith("nucleoid") ? CORE_BOX : SHELL_BOX;
      expect(triangles).toBe(12);
      for (const side of ["min", "max"] as const) {
        for (const axis of ["x", "y", "z"] as const)
          expect(bounds[side][axis], `${side} ${axis}`).toBeCloseTo(box[side][axis], 4);
      }
    },
  );

  it("is in eight meshes", () => {
    expect(meshes.length).toBe(MESHES.length + 2);
  });

  it("leaves captions as they are", () => {
    for (const run of ["TS_0001", "TS_0002", "run_001", "run_002"] as const) {
      const { key } = ending(/globalcaption\.json$/).find(({ annotation }) => annotation.run === run)!;
      const dataset = RUNS[run].slice(0, 5);
      const source = join(lab.input, "lab/annotations", dataset, run, `${run}_captions.json`);
      expect(readFileSync(join(output, key), "utf8")).toBe(readFileSync(source, "utf8"));
    }
  });
});

/** What a reader of binary glTF 2.0 must see: the box of all positions and the number of triangles. Nodes are not to move anything. */
function glb(bytes: Buffer): { bounds: MeshBox; triangles: number } {
  expect(bytes.toString("latin1", 0, 4)).toBe("glTF");
  expect(bytes.readUInt32LE(8)).toBe(bytes.length);
  const document = JSON.parse(bytes.toString("utf8", 20, 20 + bytes.readUInt32LE(12)));
  const points: number[][] = [];
  let triangles = 0;
  const binary = bytes.subarray(28 + bytes.readUInt32LE(12));
  for (const node of document.nodes)
    expect(Object.keys(node).filter((key) => /matrix|translation|rotation|scale/.test(key))).toEqual([]);
  for (const { primitives } of document.meshes) {
    for (const { attributes, indices, mode = 4 } of primitives) {
      expect(mode).toBe(4);
      const accessor = document.accessors[attributes.POSITION];
      const view = document.bufferViews[accessor.bufferView];
      const stride = view.byteStride ?? 12;
      for (let i = 0; i < accessor.count; i++) {
        const at = (view.byteOffset ?? 0) + (accessor.byteOffset ?? 0) + i * stride;
        points.push([0, 4, 8].map((offset) => binary.readFloatLE(at + offset)));
      }
      triangles += (indices === undefined ? accessor.count : document.accessors[indices].count) / 3;
    }
  }
  const side = (pick: (...values: number[]) => number) => {
    const [x, y, z] = [0, 1, 2].map((axis) => pick(...points.map((one) => one[axis]!))) as [number, number, number];
    return { x, y, z };
  };
  return { bounds: { min: side(Math.min), max: side(Math.max) }, triangles };
}

interface AlignedSection {
  z_index: number;
  tilt_angle: number;
  volume_x_rotation: number;
  in_plane_rotation: [[number, number], [number, number]];
  x_offset: number;
  y_offset: number;
}

describe("one tilt series", () => {
  const COUNT = 7;
  /** Where the transforms of the laboratory's `.xf` files have the specimen's middle: −Mᵀ·d. */
  const offset = (z: number, axisDegrees: number) => {
    const [dx, dy] = [1.5 * (z - 3) + 0.25, 0.75 * (3 - z) - 1];
    const [cos, sin] = [Math.cos((axisDegrees * Math.PI) / 180), Math.sin((axisDegrees * Math.PI) / 180)];
    return [-(cos * dx - sin * dy), -(sin * dx + cos * dy)] as const;
  };
  const refined = { tilt: (z: number) => 3 * z - 9.3, offset };
  const asked = { tilt: (z: number) => 3 * z - 9 };

  it.each([
    ["IMOD", "10401/TS_0001", { ...refined, axis: 84.7, x: 0, left: [] }],
    ["IMOD with .xtilt", "10401/TS_0002", { ...refined, axis: 84.7, x: 0.25, left: [] }],
    ["RELION 5", "10404/mka2019-11-19-1", { ...refined, axis: 84.1, x: 0.25, left: [] }],
    ["Warp", "10404/mka2019-11-19-2", { ...refined, axis: 84.1, x: 0, left: [6] }],
    [
      "AreTomo3, local",
      "10403/run_001",
      { ...asked, axis: -96, x: 0, left: [0], offset: (z: number) => [2.5 * (z - 3), 1.25 * (3 - z)] },
    ],
    [
      "AreTomo3",
      "10403/run_002",
      { ...asked, axis: -96, x: 0, left: [], offset: (z: number) => [2.5 * (z - 3), 1.25 * (3 - z)] },
    ],
    ["IMOD, perfect", "10405/TS_1", { ...asked, axis: 0, x: 0, left: [], offset: () => [0, 0] }],
  ] as const)("is aligned as %s says", (_, folder, wanted) => {
    const metadata = json(`${folder}/Alignments/100/alignment_metadata.json`);
    const sections = metadata.per_section_alignment_parameters as AlignedSection[];
    const left: readonly number[] = wanted.left;
    const places = Array.from({ length: COUNT }, (_, z) => z).filter((z) => !left.includes(z));
    expect(sections.map(({ z_index: z }) => z)).toEqual(places);
    for (const { z_index: z, tilt_angle, volume_x_rotation, in_plane_rotation, x_offset, y_offset } of sections) {
      expect(tilt_angle).toBeCloseTo(wanted.tilt(z), 6);
      expect(volume_x_rotation).toBeCloseTo(wanted.x, 6);
      const [cos, sin] = [Math.cos((wanted.axis * Math.PI) / 180), Math.sin((wanted.axis * Math.PI) / 180)];
      for (const [i, value] of [cos, -sin, sin, cos].entries()) expect(in_plane_rotation.flat()[i]).toBeCloseTo(value, 5);
      const [x, y] = wanted.offset(z, wanted.axis);
      expect(x_offset, `x of section ${z}`).toBeCloseTo(x!, 3);
      expect(y_offset, `y of section ${z}`).toBeCloseTo(y!, 3);
    }
  });

  it("keeps both of Etomo's command files", () => {
    const names = readdirSync(join(output, "10401/TS_0002/Alignments/100"));
    expect(names).toEqual(expect.arrayContaining(["TS_0002_tilt.com", "TS_0002_newst.com", "TS_0002.xf", "TS_0002.tlt"]));
  });

  it.each([
    ["CTFFIND", "10401/TS_0001", []],
    ["IMOD", "10401/TS_0002", []],
    ["AreTomo3, a section less", "10403/run_001", [0]],
    ["AreTomo3", "10403/run_002", []],
    ["CTFFIND 4", "10404/mka2019-11-19-1", []],
    ["Gctf", "10405/TS_1", []],
  ] as [string, string, number[]][])("is fitted as %s says", (_, folder, left) => {
    const metadata = json(`${folder}/TiltSeries/100/tiltseries_metadata.json`);
    const sections = metadata.per_section_parameter as Record<string, number | null>[];
    expect(sections.map(({ z_index: z }) => z)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (const { z_index: z, major_defocus: major, minor_defocus: minor, astigmatic_angle: angle } of sections) {
      const wanted = left.includes(z!) ? [null, null, null] : [32500 + 20 * z!, 32100 + 10 * z!, Number((z! - 62.1).toFixed(6))];
      const found = [major, minor, angle].map((value) => (typeof value === "number" ? Number(value.toFixed(6)) : value));
      expect(found, `section ${z}`).toEqual(wanted);
    }
  });
});

describe("a deposit of annotations alone", () => {
  /** The program's own book of ids is kept with the output, and is not part of it. */
  const isPublished = (name: string) => !name.startsWith(".emporium/");

  it("changes nothing that was there", () => {
    expect([...before].filter(([name, hash]) => isPublished(name) && after.get(name) !== hash)).toEqual([]);
  });

  it("adds annotations with new ids below alignments and voxel spacings that were there, and nothing else", () => {
    const added = [...after.keys()].filter((name) => isPublished(name) && !before.has(name));
    const own = all.filter(({ deposit }) => deposit === "annotations").map(({ folder }) => folder);
    expect(new Set(added.map((name) => own.find((folder) => name.startsWith(`${folder}/`)) ?? name))).toEqual(new Set(own));
    for (const folder of own)
      expect(
        [...before.keys()].some((name) => name.startsWith(`${folder}/`)),
        folder,
      ).toBe(false);
  });

  it("is ingested a second time without a change, as are those before it", async () => {
    // what shows a tomogram is looked at once more, since annotations have come; it says the same, as these have no views
    for (const name of FIRST) await run(name);
    expect(contents()).toEqual(after);
    for (const name of [...FIRST, "annotations"] as const) expect((await run(name)).done, name).toBe(0);
    expect(contents()).toEqual(after);
  });
});
