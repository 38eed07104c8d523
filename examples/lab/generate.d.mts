/** Types of generate.mjs. Shapes are `[z, y, x]`. */
export type DepositName = "imod" | "aretomo" | "batch" | "sim" | "traps" | "annotations" | "cell";
export type VolumeKind = "int8" | "uint8" | "int16" | "float32" | "uint16" | "float16";

export interface LabOptions<Name extends DepositName = DepositName> {
  /** Folder that is made or filled: `input/` and one `NAME.yaml` a deposit. */
  out: string;
  /** Voxels of the tomograms of deposit `imod`; default 32 × 56 × 64. Streamed, so any size. */
  shape?: [z: number, y: number, x: number] | undefined;
  /** Runs with a tomogram in deposit `imod`; default 2. */
  runs?: number | undefined;
  /** Of deposit `imod`: `tomograms` (default) alone, or `all` that is acquired and made on the way to them. The others are always whole. */
  sections?: "tomograms" | "all" | undefined;
  /** Default `imod` and `traps`. */
  deposits?: readonly Name[] | undefined;
}

/** A volume that a configuration finds. */
export interface LabVolume {
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

export interface LabDeposit<Name extends DepositName> {
  name: Name;
  /** The file. */
  config: string;
  /** What the configuration finds: everything else in the folder is there to be passed over. */
  runs: string[];
  tomograms: LabVolume[];
  tiltSeries: LabVolume[];
}

export interface Lab<Name extends DepositName = DepositName> {
  /** The second argument of `ingest run`: it stands for the source bucket. */
  input: string;
  deposits: LabDeposit<Name>[];
}

/** Writes the laboratory. Deterministic: same options, same bytes. */
export function generateLab<const Name extends DepositName = "imod" | "traps">(options: LabOptions<Name>): Promise<Lab<Name>>;

/** Writes images of a light microscope, with the table and configuration that upload them to a catalogue. Deterministic. */
export function generateMicroscopy(options: { out: string }): Promise<void>;
