/** Types of generate.mjs. */
export type Fault = "truncated" | "lying-header" | "missing-map" | "empty-runs" | "empty-tomograms" | "collision" | "sound";

export interface BadInput {
  /** The second argument of `ingest run`. */
  input: string;
  /** One configuration a fault. */
  configs: Record<Fault, string>;
}

/** Writes one deposition a fault (default: all). Deterministic: same options, same bytes. */
export function generateBadInput(options: { out: string; faults?: readonly Fault[] | undefined }): Promise<BadInput>;
