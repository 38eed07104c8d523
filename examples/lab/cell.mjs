/** Deposit to be looked at: one tomogram of a cell, and what a curator marks in one: oriented ribosomes, points, instances, a mask, a mesh. */
import {
  CELL_SHAPE,
  CELL_SPACING_ANGSTROM,
  cellVoxels,
  ellipsoidMesh,
  membraneVoxels,
  RIBOSOMES,
  SYNTHASES,
  TUBE_POINTS,
  VESICLES,
} from "./cell-scene.mjs";
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
} from "./config.mjs";
import { objText } from "./meshes.mjs";
import { fixed } from "./text.mjs";
import { mrcHeader } from "./volumes.mjs";

const PREFIX = "lab/cell";
const RUN = "cell_01";

export function cellDeposit() {
  return {
    name: "cell",
    sourcePrefix: PREFIX,
    runs: [RUN],
    volumes: [],
    files: [
      { path: `tomograms/${RUN}.mrc`, content: mrcBytes(cellVoxels()) },
      { path: `masks/${RUN}_membrane.mrc`, content: mrcBytes(membraneVoxels()) },
      { path: `meshes/${RUN}_vesicles.obj`, content: objText(joined(VESICLES.map(ellipsoidMesh))) },
      { path: `picks/${RUN}_ribosomes.json`, content: copickText() },
      { path: `picks/${RUN}_synthases.csv`, content: csvText(SYNTHASES) },
      { path: `picks/${RUN}_tubes.csv`, content: tardisText() },
    ],
    config: config(),
  };
}

/** @param {Int8Array} voxels */
function mrcBytes(voxels) {
  const [, ny, nx] = CELL_SHAPE;
  const volume = { shape: CELL_SHAPE, spacingAngstrom: CELL_SPACING_ANGSTROM };
  const header = mrcHeader(volume, "int8", [nx, ny], statistics(voxels));
  const bytes = new Uint8Array(header.length + voxels.length);
  bytes.set(header);
  bytes.set(new Uint8Array(voxels.buffer), header.length);
  return bytes;
}

function statistics(voxels) {
  let [min, max, sum, sumOfSquares] = [Infinity, -Infinity, 0, 0];
  for (const value of voxels) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    sumOfSquares += value * value;
  }
  const mean = sum / voxels.length;
  return { min, max, mean, rms: Math.sqrt(sumOfSquares / voxels.length - mean * mean) };
}

function joined(meshes) {
  const vertices = [];
  const triangles = [];
  for (const mesh of meshes) {
    for (const corners of mesh.triangles) triangles.push(corners.map((at) => at + vertices.length));
    vertices.push(...mesh.vertices);
  }
  return { vertices, triangles };
}

function copickText() {
  const points = RIBOSOMES.map(({ place, rotation }) => {
    const [x, y, z] = place.map((value) => Number((value * CELL_SPACING_ANGSTROM).toFixed(2)));
    const transformation = [...rotation.map((row) => [...row, 0]), [0, 0, 0, 1]];
    return { location: { x, y, z }, transformation_: transformation, instance_id: 0, score: 1 };
  });
  const document = { pickable_object_name: "ribosome", user_id: "lab", session_id: "1", run_name: RUN, unit: "angstrom", points };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function tardisText() {
  const rows = TUBE_POINTS.map(({ instance, place }) => [
    instance,
    ...place.map((value) => fixed(value * CELL_SPACING_ANGSTROM, 3)),
  ]);
  return csvText([["IDs", "X [A]", "Y [A]", "Z [A]"], ...rows]);
}

function csvText(rows) {
  return rows.map((row) => `${row.join(",")}\n`).join("");
}

function config() {
  const shown = { is_visualization_default: true };
  const annotation = (metadata, name, options) => ({
    metadata: annotationMetadata({ type: "simulated", method: "known from the making", ...metadata }),
    sources: [source(annotationFiles(name, { ...options, ...shown }))],
  });
  return depositConfig(
    {
      depositionId: 10307,
      datasetId: 10407,
      title: "Miniature laboratory, a cell",
      types: ["annotation", "dataset", "tomogram"],
      sourcePrefix: PREFIX,
    },
    [
      section("runs", { sources: [source(glob("tomograms/*.mrc", { name: "(.*).mrc" }))] }),
      section("voxel_spacings", { sources: [source(literal(`[${CELL_SPACING_ANGSTROM}]`))] }),
      section("tomograms", {
        metadata: tomogramMetadata({ spacing: String(CELL_SPACING_ANGSTROM), method: "WBP", processing: "denoised" }),
        sources: [source(glob("tomograms/{run_name}.mrc"))],
      }),
      section(
        "annotations",
        annotation({ ingestId: "cytosolic-ribosome-1", object: RIBOSOME }, "OrientedPoint", {
          file_format: "copick",
          glob_string: "picks/{run_name}_ribosomes.json",
          binning: CELL_SPACING_ANGSTROM,
          order: "xyz",
        }),
        annotation({ ingestId: "membrane-1", object: { name: "membrane", id: "GO:0016020" } }, "SegmentationMask", {
          file_format: "mrc",
          glob_string: "masks/{run_name}_membrane.mrc",
        }),
        annotation({ ingestId: "vesicle-1", object: { name: "vesicle", id: "GO:0031982" } }, "TriangularMesh", {
          file_format: "obj",
          glob_string: "meshes/{run_name}_vesicles.obj",
        }),
        annotation({ ingestId: "microtubule-1", object: { name: "microtubule", id: "GO:0005874" } }, "InstanceSegmentation", {
          file_format: "tardis",
          glob_string: "picks/{run_name}_tubes.csv",
          binning: CELL_SPACING_ANGSTROM,
          order: "xyz",
        }),
        annotation(
          {
            ingestId: "atp-synthase-1",
            object: { name: "proton-transporting ATP synthase complex", id: "GO:0045259", description: "ATP synthase" },
          },
          "Point",
          { file_format: "csv", glob_string: "picks/{run_name}_synthases.csv", columns: "xyz", delimiter: ",", binning: 1 },
        ),
      ),
    ],
  );
}
