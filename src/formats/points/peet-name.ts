/** Parts of PEET's file names: the object and the iteration. */
export type PeetName =
  | { readonly kind: "project"; readonly object: string }
  | { readonly kind: "motives"; readonly object: string; readonly tomogram: number; readonly iteration: number }
  | { readonly kind: "average"; readonly object: string; readonly iteration: number; readonly particles: number }
  | { readonly kind: "reference"; readonly object: string; readonly iteration: number }
  /** A list of motives with an unusual name. */
  | { readonly kind: "other" };

const MOTIVES = /^(.+)_MOTL_Tom(\d+)_Iter(\d+)\.csv$/i;
const AVERAGE = /^(.+)_AvgVol_(\d+)P(\d+)\.(?:mrc|rec)$/i;
const REFERENCE = /^(.+)_Ref(\d+)\.(?:mrc|rec)$/i;

export function peetName(name: string): PeetName | undefined {
  const dot = name.lastIndexOf(".");
  const ext = name.slice(dot + 1).toLowerCase();
  if (dot > 0 && (ext === "prm" || ext === "epe")) return { kind: "project", object: name.slice(0, dot) };
  if (ext === "csv") {
    const motives = MOTIVES.exec(name);
    if (motives) return { kind: "motives", object: motives[1]!, tomogram: Number(motives[2]), iteration: Number(motives[3]) };
    return /motl/i.test(name) ? { kind: "other" } : undefined;
  }
  if (ext !== "mrc" && ext !== "rec") return undefined;
  const average = AVERAGE.exec(name);
  if (average) return { kind: "average", object: average[1]!, iteration: Number(average[2]), particles: Number(average[3]) };
  const reference = REFERENCE.exec(name);
  return reference ? { kind: "reference", object: reference[1]!, iteration: Number(reference[2]) } : undefined;
}
