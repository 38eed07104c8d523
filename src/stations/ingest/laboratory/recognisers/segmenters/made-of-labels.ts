import { groupsOf } from "../../../../../core/groups.js";
import type { Claim } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";

/** Steps by which TomoSegMemTV makes a map of membranes, as its scripts call them, and normals that its MATLAB version writes. */
const STEP = /^(.*)_(s2|tv2?|surf|flt|n[123])\.(?:mrc|rec)$/i;
/** One alone may be called so by anybody. */
const STEPS_LEAST = 2;

/**
 * Maps between a tomogram and its membranes, as TomoSegMemTV leaves them beside each other: none of them is a tomogram, and a threshold makes the mask of the last.
 *
 * Sources: protocol_tomosegmentv.py in https://github.com/scipion-em/scipion-em-tomosegmemtv (`X_s2`, `X_tv`, `X_surf`, `X_tv2`, `X_flt`), the MATLAB scripts of
 * https://github.com/anmartinezs/pyseg_system (`X_flt`, `X_n1`)
 */
export function stepsOfTomosegmemtv(laboratory: Laboratory): Claim[] {
  const steps = laboratory.files.flatMap(({ path, volume }) => {
    const [, begin, step] = STEP.exec(path) ?? [];
    return volume && begin !== undefined ? [{ path, begin, step: step!.toLowerCase() }] : [];
  });
  const isOwn = (step: string) => /^(?:tv2?|surf|flt)$/.test(step);
  return [...groupsOf(steps, ({ begin }) => begin).values()].flatMap((group) =>
    group.length < STEPS_LEAST || !group.some(({ step }) => isOwn(step))
      ? []
      : group.map(
          ({ path, step }): Claim => ({
            path,
            role: "left out",
            because: `${step === "flt" ? "how much each voxel is of a membrane" : "a step of TomoSegMemTV"}: a mask is made of it by a threshold`,
            strength: "bookkeeping",
            software: "TomoSegMemTV",
          }),
        ),
  );
}

/** What is made of one label, `V1_labels_OMM.xyz`, before it is a mesh. */
const MESH = /\.surface\.vtp$/i;
const MEASURED = /\.AVV_rh\d+(?:_\w+)?\.csv$/i;

/**
 * Clouds of voxels and measures of triangles, which have columns as lists of particles have: what Surface Morphometrics writes beside a mesh of a label.
 *
 * Source: segmentation_to_meshes.py and run_pycurv.py in https://github.com/GrotjahnLab/surface_morphometrics
 */
export function madeOfMeshes(laboratory: Laboratory): Claim[] {
  const leave = (path: string, because: string): Claim[] =>
    laboratory.get(path) ? [{ path, role: "left out", because, strength: "bookkeeping", software: "Surface Morphometrics" }] : [];
  const meshes = laboratory.files.filter(({ path }) => MESH.test(path));
  return [
    ...meshes.flatMap(({ path }) =>
      leave(path.replace(MESH, ".xyz"), "the voxels of a label, of which Surface Morphometrics makes a mesh: no particles"),
    ),
    ...(meshes.length === 0 ? [] : laboratory.files).flatMap(({ path }) =>
      MEASURED.test(path) ? leave(path, "measures of the triangles of a mesh by Surface Morphometrics: no particles") : [],
    ),
  ];
}
