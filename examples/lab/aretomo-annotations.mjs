/** What is marked in the deposit of an AreTomo user: picks of copick, masks, and meshes in every format. */
import { annotationFiles, annotationMetadata, RIBOSOME, section, source } from "./config.mjs";
import { hffBytes } from "./hff.mjs";
import { labelMask, probabilityMask } from "./masks.mjs";
import { boxMesh, glbBytes, objText, partOf, stlBytes, stlText, vtkText } from "./meshes.mjs";
import { copickText } from "./points.mjs";
import { CORE_BOX, SHELL_BOX } from "./truth.mjs";

/** Of the tomograms that are marked. */
const SPACING_ANGSTROM = 4.99;
const SHAPE = [32, 64, 64];
/** Meshes are smaller than in voxels by this. */
const MESH_UNIT = 4.99;
const MESHES = [
  { format: "obj", file: "shell.obj", write: objText },
  { format: "stl", file: "shell.stl", write: stlText },
  { format: "stl", file: "shell_binary.stl", write: stlBytes },
  { format: "vtk", file: "shell.vtk", write: (mesh) => vtkText(mesh, "3.0") },
  { format: "vtk", file: "shell_5.1.vtk", write: (mesh) => vtkText(mesh, "5.1") },
  { format: "glb", file: "shell.glb", write: (mesh) => glbBytes(mesh, "shell") },
];
/** Of the mesh group. The second is in two pieces. */
const SEGMENTS = ["cell wall", "nucleoid"];

/** A list of copick. They make the run's folder one. */
export function pickFile({ run, user, session, object, ...kind }) {
  return {
    path: `copick/ExperimentRuns/${run}/Picks/${user}_${session}_${object}.json`,
    content: copickText({ run, object, user, session, spacingAngstrom: SPACING_ANGSTROM, ...kind }),
  };
}

/** Of one run: probabilities, and labels in copick's folder. */
export function maskFiles({ run, stem }) {
  const volume = { shape: SHAPE, spacingAngstrom: SPACING_ANGSTROM };
  const folder = `copick/ExperimentRuns/${run}/Segmentations`;
  return [
    { path: `${stem}_Vol_Segment_mask.mrc`, mask: probabilityMask(volume) },
    { path: `${folder}/4.990_SABER_1_granules-multilabel.zarr`, mask: labelMask({ ...volume, kind: "uint8" }) },
  ];
}

/** Of one run, all of them the same box; and the shape of a ribosome, in Å. */
export function meshFiles(run) {
  const shell = boxMesh(SHELL_BOX, MESH_UNIT);
  const core = boxMesh(CORE_BOX, MESH_UNIT);
  const cube = boxMesh({ min: { x: -100, y: -100, z: -100 }, max: { x: 100, y: 100, z: 100 } });
  const group = hffBytes([
    { name: SEGMENTS[0], meshes: [shell] },
    { name: SEGMENTS[1], meshes: [partOf(core, 0, 6), partOf(core, 6, 6)] },
  ]);
  return [
    { path: "mesh/ribosome.glb", content: glbBytes(cube, "ribosome") }, // Å
    ...MESHES.map(({ file, write }) => ({ path: `mesh/${run}_${file}`, content: write(shell) })),
    { path: `mesh/${run}_group.hff`, content: group },
  ];
}

/** @param where parent filters: the voxel spacing of all of them */
export function annotationSection(where) {
  const picks = "copick/ExperimentRuns/{run_name}/Picks";
  const copick = { file_format: "copick", binning: SPACING_ANGSTROM };
  const annotation = (metadata, name, options) => ({
    metadata: annotationMetadata(metadata),
    sources: [source(annotationFiles(name, options), where)],
  });
  const wall = { name: "cell wall", id: "GO:0005618" };
  return section(
    "annotations",
    annotation({ ingestId: "cytosolic-ribosome-1", object: RIBOSOME, method: "picked by hand" }, "Point", {
      ...copick,
      glob_string: `${picks}/ground-truth_0_ribosome.json`,
      is_visualization_default: true,
    }),
    annotation(
      { ingestId: "cytosolic-ribosome-2", object: RIBOSOME, method: "averaged", type: "hybrid", version: "2.0" },
      "OrientedPoint",
      {
        ...copick,
        glob_string: `${picks}/3daverage_2_ribosome.json`,
        order: "xyz",
        mesh_source_path: "mesh/ribosome.glb",
        is_visualization_default: true,
        is_portal_standard: true,
      },
    ),
    annotation(
      { ingestId: "vesicle-1", object: { name: "vesicle", id: "GO:0031982" }, method: "segmented", type: "automated" },
      "InstanceSegmentation",
      {
        ...copick,
        glob_string: `${picks}/SABER_1_vesicles.json`,
        order: "xyz",
      },
    ),
    annotation(
      { ingestId: "membrane-1", object: { name: "membrane", id: "GO:0016020" }, method: "segmented", type: "automated" },
      "SemanticSegmentationMask",
      {
        file_format: "mrc",
        glob_string: "{mapped_run_name}_Vol_Segment_mask.mrc",
        rescale: true,
        threshold: 0.5,
      },
    ),
    annotation(
      {
        ingestId: "granule-1",
        object: { name: "cytoplasmic granule", id: "GO:0036464" },
        method: "segmented",
        type: "automated",
      },
      "SemanticSegmentationMask",
      {
        file_format: "zarr",
        glob_string: "copick/ExperimentRuns/{run_name}/Segmentations/4.990_SABER_1_granules-multilabel.zarr",
        mask_label: 2,
      },
    ),
    ...MESHES.map(({ format, file }, at) =>
      annotation(
        { ingestId: `cell-wall-${at + 1}`, object: { ...wall, description: `shell of ${file}` }, method: "drawn by hand" },
        "TriangularMesh",
        {
          file_format: format,
          glob_string: `mesh/{run_name}_${file}`,
          scale_factor: MESH_UNIT,
        },
      ),
    ),
    ...SEGMENTS.map((name, at) =>
      annotation({ ingestId: `segment-${at + 1}`, object: { ...wall, name }, method: "drawn by hand" }, "TriangularMeshGroup", {
        file_format: "hff",
        glob_string: "mesh/{run_name}_group.hff",
        scale_factor: MESH_UNIT,
        name,
      }),
    ),
  );
}
