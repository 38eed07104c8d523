import { few } from "../../../core/finding.js";
import { counted } from "../../../core/units.js";
import type { Claim, GoneGain, MissingFrames, Recognised } from "./claims.js";

/**
 * Sentences on frames that are not there: once for each series, whether mdocs, lists of Warp or both name them. A run whose frames are found otherwise,
 * by their folder, lacks none that could be told.
 */
export function missingFramesNotes(
  recognised: readonly Recognised[],
  files: ReadonlyMap<string, Pick<Claim, "role" | "run">>,
): string[] {
  const found = new Set([...files.values()].flatMap(({ role, run }) => (role === "frame" && run !== undefined ? [run] : [])));
  const told = new Map<string, Recognised>();
  const missing = recognised.flatMap((one) =>
    (one.missingFrames ?? []).filter(({ run }) => (told.get(run) ?? one) === one && told.set(run, one)),
  );
  const gone = new Set(missing.filter((one) => one.found === 0 && !found.has(one.run)).map(({ run }) => run));
  return [
    ...(gone.size === 0 ? [] : [`The frames of ${few([...gone], 3, "run")} are not in the folder: none of them is published.`]),
    ...missing.filter((one) => one.found > 0).map(partText),
  ];
}

export const goneGainNote = ({ by, named }: GoneGain): string =>
  `${by} names a gain reference that is not in the folder: ${named}.`;

const partText = ({ by, found, of }: MissingFrames): string =>
  `${by} lists ${counted(of, "file")} of frames, of which ${found} ${found === 1 ? "is" : "are"} in the folder.`;
