import { within } from "../common/paths.js";

/** A file in the folder of a job: `Refine3D/job005/run_data.star`. */
export interface Place {
  /** Folder of the project, to which all paths in its STAR files are relative. */
  readonly root: string;
  /** Kind of the job: `Refine3D`. */
  readonly type: string;
  /** As the pipeline calls it: `Refine3D/job005`. */
  readonly job: string;
  /** 5 of `job005`; -1 where it has none. Later jobs have larger ones. */
  readonly number: number;
  /** Path below the folder of the job. */
  readonly rest: string;
  /** The job was deleted in RELION, which keeps it in `Trash`. */
  readonly isDeleted: boolean;
}

/**
 * Folders of jobs. Source: `PROC_…_DIRNAME` in RELION's `src/pipeline_jobs.h`, versions 4.0 and 5.0.
 */
const TYPES = [
  ...["Import", "ImportTomo", "MotionCorr", "CtfFind", "ExcludeTiltImages", "ExcludeTilts", "AlignTiltSeries"],
  ...["Tomograms", "ReconstructTomograms", "Denoise", "Picks", "PseudoSubtomo", "Extract", "InitialModel", "Class2D", "Class3D"],
  ...["Refine3D", "MultiBody", "Select", "JoinStar", "Subtract", "MaskCreate", "PostProcess", "LocalRes", "CtfRefine"],
  ...["CtfRefineTomo", "Polish", "FrameAlignTomo", "Reconstruct", "ReconstructParticleTomo", "DynaMight", "ModelAngelo"],
  ...["ManualPick", "AutoPick", "External"],
];
const IN_JOB = new RegExp(`^(?:(.+?)/)??(Trash/)?(${TYPES.join("|")})/(job(\\d*)[^/]*)/(.+)$`);

/** Where a path lies in a project; undefined for what is in no folder of a job. */
export function placeOf(path: string): Place | undefined {
  const [, root = "", trash, type = "", job = "", digits, rest] = IN_JOB.exec(path) ?? [];
  if (rest === undefined) return undefined;
  return { root, type, job: `${type}/${job}`, number: digits ? Number(digits) : -1, rest, isDeleted: trash !== undefined };
}

/** `Refine3D/job005` of a path or a folder that a pipeline or a STAR file names. */
export const jobOf = (name: string): string | undefined => placeOf(name.endsWith("/") ? `${name}x` : name)?.job;

export const isBelow = (root: string, path: string): boolean => root === "" || path.startsWith(`${root}/`);

/** A path below the folder of a project, without `./` and `..`; undefined where it leads out of the laboratory. */
export function below(root: string, name: string): string | undefined {
  const parts: string[] = [];
  for (const part of within(root, name).split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
