import type { Triple } from "../../../../../core/box.js";
import type { Project } from "./project.js";
import type { Row } from "./stars.js";

/** A tomogram, or a tilt series before there is one, as the tables of a project have it. */
export interface Tomogram {
  readonly run: string;
  /** `rlnTomoName` */
  readonly name: string;
  readonly project: Project;
  /** Its rows in the global tables of all jobs, the latest job first. */
  readonly rows: readonly TomogramRow[];
  /** Å of the pixels of its tilt series, as the latest job has it. */
  readonly pixelAngstrom?: number | undefined;
  /** Voxels of the tomogram without binning along x, y, z. */
  readonly sizePixels?: Triple | undefined;
  /** Movies of its tilts, where they are or should be. */
  readonly movies?: ReadonlySet<string> | undefined;
}

export interface TomogramRow {
  /** The STAR file. */
  readonly star: string;
  readonly job: number;
  readonly row: Row;
}
