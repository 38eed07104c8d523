import { EmporiumError, toErrorRecord } from "../../../core/errors.js";
import type { AddressAccess } from "../../../stores/named-address.js";
import { type BlockFinding, checkVolume } from "../check/check.js";
import { levelOf } from "./document.js";
import { openInputs, planInputs } from "./inputs.js";
import type { ReadGraph } from "./read-graph.js";

/** Chunks of a level that are decoded for the check: a second or two of one core. */
const SAMPLE_BYTES = 256 * 2 ** 20;

export interface CheckInputsOptions extends AddressAccess {
  readonly memoryBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at a sample of each input, from the level that the graph reads on.
 *
 * @returns what is odd and does no harm to the outputs
 * @throws {EmporiumError} INPUT_UNSOUND, with all findings that do
 */
export async function checkInputs({ document }: ReadGraph, options: CheckInputsOptions): Promise<string[]> {
  const { memoryBytes, signal } = options;
  const inputs = openInputs(planInputs(document, options, memoryBytes));
  const notes: string[] = [];
  const errors: EmporiumError[] = [];
  try {
    for (const name of Object.keys(document.inputs)) {
      const volume = await inputs.volume(name);
      const levels = volume.levels.slice(levelOf(document, name));
      const { findings } = await checkVolume({ ...volume, levels }, { sampleBytes: SAMPLE_BYTES, signal });
      for (const finding of findings) {
        if (finding.severity === "error") errors.push(unsound(name, finding));
        else notes.push(`${name}: ${finding.code}: ${finding.message}`);
      }
    }
  } finally {
    await inputs.close();
  }
  const [first, ...others] = errors;
  if (first) throw new EmporiumError(first.code, first.message, { ...first.facts, others: others.map(toErrorRecord) });
  return notes;
}

function unsound(input: string, { code, message, key, path, hint }: BlockFinding): EmporiumError {
  return new EmporiumError("INPUT_UNSOUND", `${input}: ${code}: ${message}`, {
    place: { file: key, path },
    hint: `${hint}; --no-check runs the graph all the same`,
  });
}
