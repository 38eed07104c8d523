/**
 * A deposition of one run for benchmarks, of any size and in little memory: a tomogram of noise, a mask of shells, instances, a mesh and oriented
 * points in a table. Voxels are int8, so that the inputs stay small beside what is made of them.
 */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  annotationFiles,
  annotationMetadata,
  depositConfig,
  glob,
  literal,
  RIBOSOME,
  section,
  source,
  tomogramMetadata,
} from "../examples/lab/config.mjs";
import { objText } from "../examples/lab/meshes.mjs";
import { mrcHeader } from "../examples/lab/volumes.mjs";

const PREFIX = "bench/whole";
const RUN = "TS_01";
const SPACING_ANGSTROM = 10;
/** Voxels from the middle of one sphere to that of the next, along every axis. */
const PITCH = 128;
const RADIUS = 40;
/** Steps along z, y and x, as shares of the volume, that fill it evenly: 1/g, 1/g², 1/g³ where g⁴ = g + 1. */
const SPREAD = [0.8191725134, 0.6710436067, 0.549700478];

/**
 * @param {string} folder made: `input/` and `config.yaml` in it
 * @param {object} options
 * @param {[number, number, number]} options.shape voxels `[z, y, x]` of the tomogram, the mask and the instances
 * @param {number} [options.points] rows of the table
 * @param {number} [options.rings] of the mesh's sphere, which has four times their square triangles
 * @returns {{ config: string, input: string }}
 */
export function makeDeposition(folder, { shape, points = 200_000, rings = 200 }) {
  const input = join(folder, "input");
  const file = (name) => {
    const path = join(input, PREFIX, name);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  };
  writePlanes(file(`tomograms/${RUN}.mrc`), shape, noise(shape));
  writePlanes(
    file(`masks/${RUN}_shells.mrc`),
    shape,
    spheres(shape, (distance) => (Math.abs(distance - RADIUS) < 3 ? 1 : 0)),
  );
  writePlanes(
    file(`masks/${RUN}_instances.mrc`),
    shape,
    spheres(shape, (distance, sphere) => (distance < RADIUS ? 1 + (sphere % 100) : 0)),
  );
  writeFileSync(file(`meshes/${RUN}.obj`), objText(sphereMesh(rings, shape)));
  writePoints(file(`picks/${RUN}.csv`), points, shape);
  const config = join(folder, "config.yaml");
  writeFileSync(config, configText());
  return { config, input };
}

function writePlanes(path, shape, planeOf) {
  const [nz, ny, nx] = shape;
  const out = openSync(path, "w");
  const volume = { shape, spacingAngstrom: SPACING_ANGSTROM };
  writeSync(out, mrcHeader(volume, "int8", [nx, ny], { min: -128, max: 127, mean: 0, rms: 74 }));
  for (let z = 0; z < nz; z++) writeSync(out, planeOf(z));
  closeSync(out);
}

/** The same noise everywhere, from another place in each plane: no file of it compresses well. */
function noise([, ny, nx]) {
  const pool = new Uint8Array(ny * nx + 65_536);
  let state = 1;
  for (let i = 0; i < pool.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    pool[i] = state >>> 24;
  }
  return (z) => pool.subarray((z * 7919) % 65_536).subarray(0, ny * nx);
}

/** Spheres on a grid. `voxelAt` is given the distance from the middle of the nearest one, and which that is. */
function spheres([, ny, nx], voxelAt) {
  const plane = new Uint8Array(ny * nx);
  const [rows, columns] = [ny, nx].map((length) => Math.ceil(length / PITCH));
  const off = (at) => (at % PITCH) - PITCH / 2;
  return (z) => {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) {
        const sphere = (Math.floor(z / PITCH) * rows + Math.floor(y / PITCH)) * columns + Math.floor(x / PITCH);
        plane[y * nx + x] = voxelAt(Math.sqrt(off(z) ** 2 + off(y) ** 2 + off(x) ** 2), sphere);
      }
    }
    return plane;
  };
}

function sphereMesh(rings, shape) {
  const radius = Math.min(...shape) / 4;
  const around = 2 * rings;
  const vertices = [];
  const triangles = [];
  for (let ring = 0; ring <= rings; ring++) {
    const polar = (Math.PI * (ring + 0.5)) / (rings + 1);
    for (let at = 0; at < around; at++) {
      const angle = (2 * Math.PI * at) / around;
      const place = [Math.sin(polar) * Math.cos(angle), Math.sin(polar) * Math.sin(angle), Math.cos(polar)];
      vertices.push(place.map((value, axis) => (value * radius + shape[2 - axis] / 2).toFixed(3)));
      if (ring === rings) continue;
      const [a, b] = [ring * around + at, ring * around + ((at + 1) % around)];
      triangles.push([a, b, a + around], [b, b + around, a + around]);
    }
  }
  return { vertices, triangles };
}

function writePoints(path, count, shape) {
  const out = openSync(path, "w");
  const lines = [];
  for (let i = 0; i < count; i++) {
    lines.push(
      `${[2, 1, 0]
        .map((axis) => shape[axis] * ((i * SPREAD[axis]) % 1))
        .map((at) => at.toFixed(2))
        .join(",")}\n`,
    );
    if (lines.length === 10_000) writeSync(out, lines.splice(0).join(""));
  }
  writeSync(out, lines.join(""));
  closeSync(out);
}

function configText() {
  const annotation = (ingestId, object, name, options) => ({
    metadata: annotationMetadata({ ingestId, object, method: "made for a benchmark", type: "simulated" }),
    sources: [source(annotationFiles(name, { ...options, is_visualization_default: true }))],
  });
  const mask = (name, label) => ({
    file_format: "mrc",
    glob_string: `masks/{run_name}_${name}.mrc`,
    ...(label && { mask_label: label }),
  });
  const membrane = { name: "membrane", id: "GO:0016020" };
  return depositConfig(
    {
      depositionId: 10390,
      datasetId: 10700,
      title: "Benchmark, a whole deposition",
      types: ["annotation", "dataset", "tomogram"],
      sourcePrefix: PREFIX,
    },
    [
      section("runs", { sources: [source(glob("tomograms/*.mrc", { name: "(.*).mrc" }))] }),
      section("voxel_spacings", { sources: [source(literal(`[${SPACING_ANGSTROM}]`))] }),
      section("tomograms", {
        metadata: tomogramMetadata({ spacing: SPACING_ANGSTROM.toFixed(3), method: "WBP" }),
        sources: [source(glob("tomograms/{run_name}.mrc"))],
      }),
      section(
        "annotations",
        annotation("membrane-1", membrane, "SegmentationMask", mask("shells", 1)),
        annotation("vesicle-1", { name: "vesicle", id: "GO:0031982" }, "InstanceSegmentationMask", mask("instances")),
        annotation("membrane-2", membrane, "TriangularMesh", { file_format: "obj", glob_string: "meshes/{run_name}.obj" }),
        annotation("cytosolic-ribosome-1", RIBOSOME, "Point", {
          file_format: "csv",
          glob_string: "picks/{run_name}.csv",
          columns: "xyz",
          delimiter: ",",
        }),
      ),
    ],
  );
}
