import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab, type Lab } from "../../examples/lab/generate.mjs";
import { CORE_BOX, LABEL_BOXES, MEMBRANE_BOX, PARTICLES, SHELL_BOX, type VoxelBox } from "../../examples/lab/truth.mjs";
import { decodeBloscBox } from "../../src/arrays/kernels/blosc.js";
import type { Triple } from "../../src/core/box.js";
import { silentLog } from "../../src/core/log.js";
import { colourHex, colourInstances, colourSeed } from "../../src/model/colours.js";
import { ingest } from "../../src/stations/ingest/ingest.js";
import type { IngestReport } from "../../src/stations/ingest/ingest-report.js";
import type { SelectionFlags } from "../../src/stations/ingest/selection.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";
import { openSides, type ReadFile, readMaskLayer, readPointLayer, readSurface, surfaceBounds } from "./view-readers.js";

/**
 * What people look at in the miniature laboratory: every annotation as a layer for Neuroglancer, every tomogram as a view of it. First all of
 * deposits A, B and D; then E adds annotations to their runs.
 */
type Deposit = "imod" | "aretomo" | "sim" | "annotations";
const FIRST = ["imod", "aretomo", "sim"] as const;
const PREFIX = "https://files.example.org/portal/";
const root = tempFolder();
const output = join(root, "portal");
let lab: Lab<Deposit>;
let before: Map<string, string>;
const reports = new Map<Deposit, IngestReport>();

beforeAll(async () => {
  lab = await generateLab({ out: join(root, "lab"), sections: "all", deposits: [...FIRST, "annotations"] });
  for (const name of FIRST) reports.set(name, await run(name));
  before = contents();
  reports.set("annotations", await run("annotations"));
}, 180_000);
afterAll(removeTempFolders);

function run(name: Deposit): Promise<IngestReport> {
  const added: SelectionFlags = { items: ["annotations", "annotation_viz", "viz_config"], metadata: ["annotation"] };
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
    httpsPrefix: PREFIX,
    anonymous: false,
    sync: false,
    verify: false,
    dryRun: false,
    log: silentLog,
    signal: new AbortController().signal,
  });
}

/** Hashes of what lies below the folders for viewers. */
function contents(): Map<string, string> {
  const names = (readdirSync(output, { recursive: true }) as string[]).filter((name) =>
    name.includes("/NeuroglancerPrecompute/"),
  );
  const hash = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(output, name)))
      .digest("hex");
  return new Map(names.filter((name) => statSync(join(output, name)).isFile()).map((name) => [name, hash(name)]));
}

const read: ReadFile = async (key) => (existsSync(join(output, key)) ? readFileSync(join(output, key)) : undefined);
const json = (key: string) => JSON.parse(readFileSync(join(output, key), "utf8"));

interface Listed {
  id: string;
  metadata: Record<string, unknown> & {
    annotation_object: { name: string };
    annotation_ingest_id: string;
    deposition_id: number;
  };
  format: string;
  path: string;
  shape: string;
  shown: boolean;
  /** Where its layer should be. */
  folder: string;
  spacing: number;
}

/** Every file of every annotation, in the order in which their metadata are listed. */
function listed(): Listed[] {
  const names = (readdirSync(output, { recursive: true }) as string[])
    .filter((name) => /\/Annotations\/\d+\/[^/]*[0-9]\.json$/.test(name))
    .sort();
  return names.flatMap((name) => {
    const metadata = json(name);
    const [, home, spacing, id] = /^(.*\/VoxelSpacing([0-9.]+))\/Annotations\/(\d+)\//.exec(name)!;
    return metadata.files.map((file: { format: string; path: string; shape: string; is_visualization_default: boolean }) => {
      const base = file.path.slice(file.path.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
      const folder = `${home}/NeuroglancerPrecompute/${id}-${base}`;
      return { ...file, id, metadata, shown: file.is_visualization_default, folder, spacing: Number(spacing) };
    });
  });
}

const of = (...formats: string[]) => listed().filter(({ format }) => formats.includes(format));

describe("layers of the laboratory", () => {
  it("fail nowhere", () => {
    const failed = [...reports].flatMap(([name, { errors }]) =>
      errors.filter((error) => /view/i.test(error.entity ?? "")).map(({ code, message }) => `${name}: ${code} ${message}`),
    );
    expect(failed).toEqual([]);
    expect(reports.get("annotations")!.errors).toEqual([]);
  });

  it("are there for every file that a viewer can show, and for nothing else", () => {
    const wanted = of("ndjson", "zarr", "glb").map(({ folder }) => folder);
    const meshes = wanted.filter((folder) => /run_00[12]\/.*\/101-cytosolic_ribosome-2\.0_orientedpoint$/.test(folder));
    expect(meshes.length).toBe(2);
    const all = [...wanted, ...meshes.map((folder) => folder.replace("orientedpoint", "orientedmesh"))];
    const found = [...contents().keys()].filter((name) => /NeuroglancerPrecompute\/[^/]+\/info$/.test(name));
    expect(found.sort()).toEqual(all.map((folder) => `${folder}/info`).sort());
    expect(found.length).toBeGreaterThan(60);
  });

  it("hold the particles, each under its id, with lines along the axes of oriented ones", async () => {
    for (const { folder, shape, spacing, metadata, path } of of("ndjson")) {
      const { info, all } = await readPointLayer(read, folder);
      const oriented = shape === "OrientedPoint";
      expect(info.type).toBe(oriented ? "line" : "point");
      expect(info.dimensions.map(({ name, scale, unit }) => [name, Number(scale.toPrecision(9)), unit])).toEqual(
        ["x", "y", "z"].map((axis) => [axis, Number((spacing * 1e-10).toPrecision(9)), "m"]),
      );
      const lines = readFileSync(join(output, path), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(lines.length).toBe(PARTICLES.length);
      expect(all.count).toBe(lines.length * (oriented ? 3 : 1));
      const instances = [...new Set(PARTICLES.map(({ instance }) => instance))].sort((a, b) => a - b);
      const palette = colourInstances(instances.length, colourSeed(metadata as never, shape)).map(colourHex);
      for (let i = 0; i < all.count; i++) {
        const at = oriented ? Math.floor(i / 3) : i;
        const { x, y, z } = lines[at].location;
        const floats = oriented ? 6 : 3;
        const geometry = Array.from(all.geometry.subarray(floats * i, floats * i + floats));
        expect(geometry.slice(0, 3)).toEqual([x, y, z].map(Math.fround));
        expect(all.properties.get("point_index")![i]).toBe(at);
        if (oriented) {
          const column = [0, 1, 2].map((row) => lines[at].xyz_rotation_matrix[row][i % 3]);
          for (const [axis, start] of [x, y, z].entries()) expect(geometry[3 + axis]).toBeCloseTo(start + 15 * column[axis], 4);
        } else if (shape === "InstanceSegmentation") {
          const { instance } = PARTICLES[at]!;
          expect(all.properties.get("name")![i]).toBe(instance);
          const colour = Array.from(all.properties.get("color")!.subarray(3 * i, 3 * i + 3));
          const hex = `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
          expect(hex, folder).toBe(palette[instances.indexOf(instance)]);
        }
      }
    }
  });

  /** Boxes of the labels that a mask must have. */
  function boxesOf({ shape, metadata }: Listed): Map<number, VoxelBox> {
    if (shape === "InstanceSegmentationMask") return new Map(LABEL_BOXES.map((box) => [box.label, box]));
    const { annotation_ingest_id: ingestId, deposition_id: owner } = metadata;
    const organelle = /^organelle-(\d)$/.exec(ingestId);
    if (ingestId === "membrane-1" && owner === 10303) return new Map([[1, MEMBRANE_BOX]]);
    const label = organelle ? Number(organelle[1]) : ingestId === "membrane-1" ? 1 : 2;
    return new Map([[1, LABEL_BOXES.find((box) => box.label === label)!]]);
  }

  it("hold the voxels of every mask, and closed surfaces around them", async () => {
    const masks = of("zarr");
    expect(masks.length).toBe(2 * 5 + 1 + 2 * 2 + 2);
    for (const mask of masks) {
      const { info, labels } = await readMaskLayer(read, mask.folder);
      const shape = info.scales[0]!.shape;
      const width = mask.shape === "InstanceSegmentationMask" ? 2 : 1;
      const box = { start: [0, 0, 0] as Triple, stop: shape };
      const stored = decodeBloscBox(
        new Uint8Array(readFileSync(join(output, mask.path, "0/0/0/0"))),
        [256, 256, 256],
        width,
        box,
      )!;
      const voxels = width === 1 ? stored : new Uint16Array(stored.slice().buffer);
      expect(labels.length).toBe(voxels.length);
      expect(
        labels.every((label, i) => label === voxels[i]),
        mask.folder,
      ).toBe(true);
      const stated = Math.max(1, Math.round(mask.spacing / 10));
      const boxes = boxesOf(mask);
      expect(readdirSync(join(output, mask.folder, "mesh")).filter((name) => name.endsWith(":0")).length).toBe(boxes.size);
      for (const [label, { x, y, z }] of boxes) {
        const surface = await readSurface(read, mask.folder, label);
        expect(openSides(surface), mask.folder).toBe(0);
        expect(surfaceBounds(surface), mask.folder).toEqual([
          [z, y, x].map(([first]) => first! * stated),
          [z, y, x].map(([, last]) => (last! + 1) * stated),
        ]);
      }
    }
  });

  it("hold the surface of every mesh, in voxels", async () => {
    const meshes = of("glb");
    expect(meshes.length).toBe(8);
    for (const { folder, metadata } of meshes) {
      const surface = await readSurface(read, folder, 1);
      expect(surface.triangles.length).toBe(36);
      const { min, max } = metadata.annotation_object.name === "nucleoid" ? CORE_BOX : SHELL_BOX;
      const [least, greatest] = surfaceBounds(surface);
      for (const [at, axis] of (["z", "y", "x"] as const).entries()) {
        expect(least[at], folder).toBeCloseTo(min[axis], 4);
        expect(greatest[at], folder).toBeCloseTo(max[axis], 4);
      }
      const info = json(`${folder}/info`);
      expect(info.scales[0].size).toEqual(([...greatest] as Triple).reverse().map(Math.ceil));
      expect(json(`${folder}/${info.segment_properties}/info`).inline.properties[0].values).toEqual([
        metadata.annotation_object.name,
      ]);
    }
  });

  it("hold a cube of 200 Å at each oriented point of copick's, turned as it is", async () => {
    const folder =
      "10403/run_001/Reconstructions/VoxelSpacing4.990/NeuroglancerPrecompute/101-cytosolic_ribosome-2.0_orientedmesh";
    const { vertices, triangles } = await readSurface(read, folder, 1);
    expect(triangles.length).toBe(36 * PARTICLES.length);
    expect(vertices.length).toBe(24 * PARTICLES.length);
    for (const [at, { voxel, rotation }] of PARTICLES.entries()) {
      const corners = Array.from({ length: 8 }, (_, corner) =>
        Array.from(vertices.subarray(3 * (8 * at + corner), 3 * (8 * at + corner) + 3)),
      );
      const wanted = Array.from({ length: 8 }, (_, corner) => {
        const reference = [0, 1, 2].map((bit) => (((corner >> bit) & 1) * 200 - 100) / 4.99);
        return rotation.map(
          (row, axis) => [voxel.x, voxel.y, voxel.z][axis]! + row.reduce((sum, part, k) => sum + part * reference[k]!, 0),
        );
      });
      const text = (points: number[][]) =>
        points.map((point) => point.map((value) => value.toFixed(3).replace("-0.000", "0.000")).join(" ")).sort();
      expect(text(corners)).toEqual(text(wanted));
    }
  });
});

interface State {
  position: number[];
  layers: {
    type: string;
    name: string;
    visible: boolean;
    source: { url: string; transform: Record<string, Record<string, [number, string]>> };
    segments?: number[];
    annotationColor?: string;
    segmentDefaultColor?: string;
    segmentColors?: Record<string, string>;
    shaderControls?: { contrast?: { range: [number, number] }; contrast_3D?: { range: [number, number] } };
  }[];
  deposition_id: number;
}

const KIND: Record<string, string> = {
  Point: "point",
  InstanceSegmentation: "point",
  OrientedPoint: "orientedpoint",
  SegmentationMask: "segmentation",
  InstanceSegmentationMask: "instancesegmentation",
  TriangularMesh: "mesh",
};

describe("views of the laboratory", () => {
  const tomograms = () =>
    (readdirSync(output, { recursive: true }) as string[]).filter((name) => name.endsWith("/tomogram_metadata.json")).sort();

  it("are there for every tomogram, where its metadata say", () => {
    const promised = tomograms().map((name) => json(name).neuroglancer_config_path);
    const found = [...contents().keys()].filter((name) => name.endsWith("-neuroglancer_config.json"));
    expect(found.sort()).toEqual(promised.sort());
    expect(found.length).toBe(2 + 2 * 4 + 11 + 1);
  });

  it("show the tomogram and every annotation of its alignment, in the order of their metadata, by addresses below the prefix", () => {
    for (const name of tomograms()) {
      const tomogram = json(name);
      const state: State = json(tomogram.neuroglancer_config_path);
      const home = name.replace(/\/Tomograms\/.*/, "");
      const runFolder = home.replace(/\/Reconstructions\/.*/, "");
      const own = of("ndjson", "zarr", "glb").filter(
        ({ path, metadata }) =>
          path.startsWith(`${runFolder}/`) && metadata.alignment_metadata_path === tomogram.alignment_metadata_path,
      );
      const wanted = own.flatMap(({ id, metadata, shape, folder, shown }) => {
        const layer = (kind: string, url: string, visible: boolean) => [
          `${id} ${metadata.annotation_object.name} ${kind}`,
          `precomputed://${PREFIX}${url}`,
          visible,
        ];
        const copies = folder.replace("orientedpoint", "orientedmesh");
        const hasCopies = shape === "OrientedPoint" && existsSync(join(output, copies));
        return [...(hasCopies ? [layer("orientedmesh", copies, shown)] : []), layer(KIND[shape]!, folder, shown && !hasCopies)];
      });
      expect(
        state.layers.map(({ name: title, source, visible }) => [title, source.url, visible]),
        name,
      ).toEqual([[tomogram.run_name, `zarr://${PREFIX}${tomogram.omezarr_dir}`, true], ...wanted]);
      expect(state.deposition_id).toBe(tomogram.deposition_id);
      const { x, y, z } = tomogram.size;
      if (wanted.length === 0) expect(state.position).toEqual([x, y, z].map((length) => length / 2));
      for (const { source } of state.layers) {
        const spacing = /VoxelSpacing([0-9.]+)\//.exec(source.url)![1];
        expect(source.transform.inputDimensions!.x![0]).toBeCloseTo(Number(spacing) * 1e-10, 20);
        expect(source.transform.outputDimensions!.x![0]).toBeCloseTo(tomogram.voxel_spacing * 1e-10, 20);
      }
    }
  });

  it("show sections by the mean and deviation of the MRC, and other colours for other objects", () => {
    for (const name of tomograms()) {
      const tomogram = json(name);
      const state: State = json(tomogram.neuroglancer_config_path);
      const header = readFileSync(join(output, tomogram.mrc_file)).subarray(0, 1024);
      const [mean, deviation] = [header.readFloatLE(84), header.readFloatLE(216)];
      const { contrast, contrast_3D: rendered } = state.layers[0]!.shaderControls!;
      expect(contrast!.range[0], name).toBeCloseTo(mean - 3 * deviation, 4);
      expect(contrast!.range[1], name).toBeCloseTo(mean + 3 * deviation, 4);
      expect(rendered!.range[0]).toBeLessThan(rendered!.range[1]);
      // instances have colours of their own, which others need not keep away from
      const colours = state.layers.flatMap(
        ({ annotationColor, segmentDefaultColor, name: title, source }) =>
          (/orientedmesh$/.test(title) || /_instancesegmentation$/.test(source.url)
            ? undefined
            : (annotationColor ?? segmentDefaultColor)) ?? [],
      );
      expect(new Set(colours).size, name).toBe(colours.length);
    }
  });

  it("list the labels of instance masks with a colour each", () => {
    const state: State = json(
      "10405/TS_1/Reconstructions/VoxelSpacing10.200/NeuroglancerPrecompute/100-neuroglancer_config.json",
    );
    const layer = state.layers.find(({ name }) => name === "101 protein-containing complex instancesegmentation")!;
    expect(layer.segments).toEqual([1, 2, 3, 4, 5]);
    expect(Object.keys(layer.segmentColors!)).toEqual(["1", "2", "3", "4", "5"]);
    expect(new Set(Object.values(layer.segmentColors!)).size).toBe(5);
  });

  it("change when annotations are added, and nothing else that was there does", () => {
    const now = contents();
    const changed = [...before].filter(([name, hash]) => now.get(name) !== hash).map(([name]) => name);
    const touched = ["10401/TS_0001", "10401/TS_0002", "10403/run_001", "10403/run_002", "10405/TS_1"];
    expect(changed.every((name) => name.endsWith("-neuroglancer_config.json"))).toBe(true);
    expect(new Set(changed.map((name) => name.split("/").slice(0, 2).join("/")))).toEqual(new Set(touched));
  });

  it("are made a second time without a change", async () => {
    const now = contents();
    const times = () => new Map([...now.keys()].map((name) => [name, statSync(join(output, name)).mtimeMs]));
    const then = times();
    expect((await run("annotations")).done).toBe(0);
    for (const name of FIRST) await run(name);
    expect(contents()).toEqual(now);
    expect(times()).toEqual(then);
  });
});
