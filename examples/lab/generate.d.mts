/** Types of generate.mjs. Shapes are `[z, y, x]`. */
export type DepositName = "imod" | "traps";
export type VolumeKind = "int8" | "uint8" | "int16" | "float32" | "uint16" | "float16";

export interface LabOptions {
  /** Folder that is made or filled: `input/` and one `NAME.yaml` a deposit. */
  out: string;
  /** Voxels of the tomograms of deposit `imod`; default 32 × 56 × 64. Streamed, so any size. */
  shape?: [z: number, y: number, x: number] | undefined;
  /** Runs with a tomogram in deposit `imod`; default 2. */
  runs?: number | undefined;
  /** Default both. */
  deposits?: readonly DepositName[] | undefined;
}

export interface LabTomogram {
  run: string;
  /** The source file. */
  path: string;
  shape: [z: number, y: number, x: number];
  kind: VolumeKind;
  /** The `runIndex` of the volume formula. */
  runIndex: number;
  /** What the configuration says, whatever the header does. */
  spacingAngstrom: number;
}

export interface Lab {
  /** The second argument of `ingest run`: it stands for the source bucket. */
  input: string;
  deposits: { name: DepositName; config: string; tomograms: LabTomogram[] }[];
}

/** Writes the laboratory. Deterministic: same options, same bytes. */
export function generateLab(options: LabOptions): Promise<Lab>;
