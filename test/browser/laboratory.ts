import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { generateLab } from "../../examples/lab/generate.mjs";
import { LABEL_BOXES, MEMBRANE_BOX, type MeshBox, PARTICLES, SHELL_BOX, type VoxelBox } from "../../examples/lab/truth.mjs";
import { voxelValue } from "../../examples/lab/volumes.mjs";
import type { Triple } from "../../src/core/box.js";
import type { PointBatch, PointKind } from "../../src/formats/points/points.js";
import { AnnotationCollection, bodyOf } from "../../src/formats/precomputed/annotations.js";
import {
  encodeMeshFragment,
  meshFragmentKey,
  meshManifestKey,
  printLegacyMeshInfo,
  printMeshManifest,
  type TriangleMesh,
} from "../../src/formats/precomputed/legacy-mesh.js";
import {
  encodeSegmentationChunk,
  printSegmentationInfo,
  segmentationChunks,
  statedVoxelSizeNm,
} from "../../src/formats/precomputed/segmentation.js";
import { omeZarr05Attributes } from "../../src/formats/zarr/ome-v05.js";
import { printZarrV3, zarrV3ArrayMetadata, zarrV3GroupMetadata } from "../../src/formats/zarr/v3-metadata.js";
import { writeZarrV3Array } from "../../src/formats/zarr/v3-write.js";
import { fileStore } from "../../src/stores/file.js";
import type { Store } from "../../src/stores/store.js";

/** Voxels `[z, y, x]` of the laboratory's first deposit, and their size. */
export const SHAPE: Triple = [32, 56, 64];
export const SPACING_ANGSTROM = 13.48;
const RUN = "10401/TS_0001";
export const TOMOGRAM_KEY = `${RUN}/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.zarr`;
/** The same tomogram as OME-Zarr 0.5, in shards. */
export const SHARDED_KEY = TOMOGRAM_KEY.replace(/\.zarr$/, "-0.5.zarr");
const FOLDER = `${RUN}/Reconstructions/VoxelSpacing13.480/NeuroglancerPrecompute`;

/** Keys of the folders that Neuroglancer reads, one for each shape of an annotation. */
export const LAYERS = {
  points: `${FOLDER}/201-particle-1.0_point`,
  instances: `${FOLDER}/202-cluster-1.0_instancesegmentation`,
  oriented: `${FOLDER}/203-ribosome-1.0_orientedpoint`,
  mask: `${FOLDER}/204-membrane-1.0_segmentationmask`,
  labels: `${FOLDER}/205-organelles-1.0_instancesegmentationmask`,
  mesh: `${FOLDER}/206-shell-1.0_triangularmesh`,
} as const;

/** Å, of a particle. */
const DIAMETER_ANGSTROM = 80;
const INGEST_TIMEOUT_MS = 120_000;
const EMPORIUM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Laboratory {
  store: Store;
  remove(): void;
}

/** The tree that `emporium ingest run` makes of the laboratory's first deposit, and beside its tomogram what is known of it, for the viewer. */
export async function makeLaboratory(): Promise<Laboratory> {
  const folder = mkdtempSync(join(tmpdir(), "emporium-viewer-"));
  const lab = await generateLab({ out: join(folder, "lab"), deposits: ["imod"] });
  const output = join(folder, "portal");
  const words = ["ingest", "run", lab.deposits[0]!.config, lab.input, output, "--import-tomograms"];
  await promisify(execFile)(process.execPath, [EMPORIUM, ...words], { cwd: folder, timeout: INGEST_TIMEOUT_MS });
  const store = fileStore(output, { sync: false });
  await writeSharded(store);
  await writePoints(store, LAYERS.points, "point");
  await writePoints(store, LAYERS.instances, "instancePoint");
  await writePoints(store, LAYERS.oriented, "orientedPoint");
  await writeMask(store, LAYERS.mask, [{ ...MEMBRANE_BOX, label: 1 }]);
  await writeMask(store, LAYERS.labels, LABEL_BOXES);
  await writeMesh(store, LAYERS.mesh);
  return { store, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function writeSharded(store: Store): Promise<void> {
  const attributes = omeZarr05Attributes({ kind: "tomogram", voxelSizeAngstrom: SPACING_ANGSTROM, levels: 1 });
  await writeText(store, `${SHARDED_KEY}/zarr.json`, printZarrV3(zarrV3GroupMetadata({ attributes })));
  const [nz, ny, nx] = SHAPE;
  const voxels = Float32Array.from({ length: nz * ny * nx }, (_, i) =>
    voxelValue("float32", 0, Math.floor(i / (ny * nx)), Math.floor(i / nx) % ny, i % nx),
  );
  const document = zarrV3ArrayMetadata({
    shape: SHAPE,
    dtype: "float32",
    chunks: [16, 16, 16],
    shards: [32, 32, 64],
    compressor: { name: "blosc", cname: "lz4", clevel: 5, shuffle: "shuffle" },
  });
  const put = async (key: string, body: Uint8Array) => void (await store.write(`${SHARDED_KEY}/0/${key}`, body));
  await writeZarrV3Array(put, document, new Uint8Array(voxels.buffer));
}

async function writePoints(store: Store, folder: string, kind: PointKind): Promise<void> {
  const batch: PointBatch = {
    count: PARTICLES.length,
    positions: Float64Array.from(PARTICLES.flatMap(({ voxel: { x, y, z } }) => [x, y, z])),
    rotations: Float64Array.from(PARTICLES.flatMap(({ rotation }) => rotation.flat())),
    instanceIds: Float64Array.from(PARTICLES, ({ instance }) => instance),
  };
  const style = { voxelSpacingAngstrom: SPACING_ANGSTROM, objectName: "particle", diameterAngstrom: DIAMETER_ANGSTROM };
  const annotations = new AnnotationCollection(kind, style);
  annotations.add(batch);
  for (const file of annotations.files()) await store.write(`${folder}/${file.key}`, bodyOf(file));
}

async function writeMask(store: Store, folder: string, boxes: readonly (VoxelBox & { label: number })[]): Promise<void> {
  const plan = { shape: SHAPE, voxelSpacingAngstrom: SPACING_ANGSTROM };
  await writeText(store, `${folder}/info`, printSegmentationInfo(plan));
  const [, ny, nx] = SHAPE;
  for (const chunk of segmentationChunks(SHAPE)) {
    const labels = new Uint32Array(SHAPE[0] * ny * nx); // one chunk holds it all
    for (const { label, x, y, z } of boxes) {
      for (let k = z[0]; k <= z[1]; k++) {
        for (let j = y[0]; j <= y[1]; j++) labels.fill(label, (k * ny + j) * nx + x[0], (k * ny + j) * nx + x[1] + 1);
      }
    }
    await store.write(`${folder}/${chunk.key}`, encodeSegmentationChunk(labels, chunk));
  }
}

/** The shell as a surface of segment 1, in the whole nanometres of its volume. */
async function writeMesh(store: Store, folder: string): Promise<void> {
  const plan = { shape: SHAPE, voxelSpacingAngstrom: SPACING_ANGSTROM, mesh: true };
  await writeText(store, `${folder}/info`, printSegmentationInfo(plan));
  await writeText(store, `${folder}/mesh/info`, printLegacyMeshInfo());
  await writeText(store, `${folder}/mesh/${meshManifestKey(1)}`, printMeshManifest(1));
  const surface = boxSurface(SHELL_BOX, statedVoxelSizeNm(SPACING_ANGSTROM));
  await store.write(`${folder}/mesh/${meshFragmentKey(1)}`, encodeMeshFragment(surface));
}

/** Two triangles a side, counter-clockwise from outside. Bits 0, 1 and 2 of a vertex's number say which side of x, y and z it is on. */
function boxSurface({ min, max }: MeshBox, unit: number): TriangleMesh {
  const corner = (at: number) => (["x", "y", "z"] as const).map((axis, bit) => ((at >> bit) & 1 ? max : min)[axis] * unit);
  const sides = [0, 2, 1, 1, 2, 3, 4, 5, 6, 5, 7, 6, 0, 1, 4, 1, 5, 4, 2, 6, 3, 3, 6, 7, 0, 4, 2, 2, 4, 6, 1, 3, 5, 3, 7, 5];
  return {
    vertices: Float32Array.from(Array.from({ length: 8 }, (_, at) => corner(at)).flat()),
    triangles: Uint32Array.from(sides),
  };
}

async function writeText(store: Store, key: string, text: string): Promise<void> {
  await store.write(key, new TextEncoder().encode(text));
}
