export interface ModelSketch {
  name: string;
  /** x, y, z. */
  max: readonly number[];
  pixelNm?: number;
  points?: readonly (readonly number[])[];
  slicers?: readonly { angles: readonly number[]; center: readonly number[]; label?: string }[];
}

export interface RunPlace {
  /** The portal's name. */
  run: string;
  /** The folder's. */
  name: string;
  path: string;
}

export interface ArchiveOptions {
  out: string;
  /** 1 to 4, default all of these; 5 is the one whose tomograms the offline EMPIAR has. */
  drives?: readonly number[];
  /** Folders of all runs (default), or of those that hold something. */
  runs?: "all" | "annotated";
}

export interface GeneratedArchive {
  /** Folders of the drives. */
  drives: string[];
  /** The portal's list of runs, JSON. */
  portal: string;
  files: number;
}

export function generateArchive(options: ArchiveOptions): Promise<GeneratedArchive>;
