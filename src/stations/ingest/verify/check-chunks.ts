import type { Triple } from "../../../core/box.js";
import { crcText } from "../../../core/crc32.js";
import { counted } from "../../../core/units.js";
import type { Entry } from "../../../stores/store.js";
import { forEachLimited } from "../../../system/parallel.js";
import { documentKey } from "./array-place.js";
import type { CheckContext, NamedObjects } from "./context.js";
import { aboveKey, chunkJob, type Hierarchy, type Level, objectsOfLevel, partsOf } from "./hierarchy.js";
import type { LevelComparison, LevelRule } from "./levels.js";
import type { ProofLine } from "./proof.js";
import type { GroupRecords } from "./records.js";
import { orUnreadable } from "./unreadable.js";
import type { JobResult } from "./work.js";

export interface ChunkScene {
  objects: ReadonlyMap<string, Entry>;
  found: ReadonlyMap<string, ProofLine>;
  named: NamedObjects;
  records: GroupRecords;
  judge(line: ProofLine): void;
  context: CheckContext;
}

/** Verdict on an absent chunk, from its neighbours in the levels above and below. */
type Absence = "fill" | "lost" | "unknown";

interface Absent {
  key: string;
  position: Triple;
  level: number;
  /** Whether the part of the level above that was made of it is fill. */
  aboveFill: boolean | undefined;
}

/**
 * Verifies the chunks of a pyramid: existing ones are checksummed, decoded and compared with the level above, as far as levels
 * are selected. Absent ones are fill or lost; records decide, otherwise the neighbouring levels.
 */
export async function checkChunks(hierarchy: Hierarchy, scene: ChunkScene): Promise<void> {
  const { objects, found, named, records, judge, context } = scene;
  const { findings, tally, workers, threads, signal, sha256 } = context;
  const fill = new Map<string, boolean>();
  const absent: Absent[] = [];
  const comparisons: { below: string; at: string; comparison: LevelComparison }[] = [];
  for (const [index, level] of hierarchy.levels.entries()) {
    if (!level) continue;
    await forEachLimited(objectsOfLevel(level), 2 * threads, async (object) => {
      const { key, position } = object;
      signal.throwIfAborted();
      named.set(key, { by: hierarchy.folder, promised: false });
      const size = objects.get(key)?.size;
      const isThere = size !== undefined;
      if (isThere && (!context.isAsked(key) || found.has(key))) return;
      const isRecorded = records.objects.has(key);
      if (!isThere && (isRecorded || isCovered(level, records))) {
        if (!isRecorded) tally.chunksFill++; // a lost one is told with all that is lost
        return;
      }
      const job = chunkJob(level, object, size, { levels: context.levels, sha256 });
      const result = await orUnreadable(key, context, () => workers.run(job));
      if (result === "unreadable") return;
      if (result.size === undefined) {
        absent.push({ key, position, level: index, aboveFill: result.aboveFill });
        return;
      }
      judge(lineOf(key, result));
      if (result.fault !== undefined) return findings.add("undecodable", key, result.fault);
      tally.chunksDecoded++;
      fill.set(key, result.fill!);
      if (result.level)
        comparisons.push({
          below: key,

          at: aboveKey(level, position),
          comparison: result.level,
        });
    });
  }
  for (const one of absent) judgeAbsent(one, hierarchy, fill, scene);
  judgeLevels(hierarchy, comparisons, scene);
}

function lineOf(key: string, { size, crc32, sha256 }: JobResult): ProofLine {
  return { key, size: size!, crc32: crcText(crc32!), ...(sha256 === undefined ? {} : { sha256 }) };
}

/** A record has the array's objects one by one: what it does not have was never written. */
function isCovered({ place }: Level, { objects }: GroupRecords): boolean {
  return objects.has(documentKey(place));
}

function judgeAbsent(one: Absent, hierarchy: Hierarchy, fill: ReadonlyMap<string, boolean>, { context }: ChunkScene): void {
  const { findings, tally } = context;
  const absence = absenceOf(one, hierarchy, fill);
  if (absence === "fill") tally.chunksFill++;
  else if (absence === "lost") findings.add("lost", one.key, "missing, and its part of the next level is not empty");
  else findings.add("unknown", one.key, "missing: either only fill value, or lost; no record and no other level decides");
}

/**
 * An absent chunk is lost if its part of the level above is not empty, or if a chunk from which it was made is not. For labels,
 * which are subsampled, and for means that are rounded, an empty level above proves nothing, nor does a full level below.
 */
function absenceOf({ position, level, aboveFill }: Absent, { levels }: Hierarchy, fill: ReadonlyMap<string, boolean>): Absence {
  const own = levels[level]!; // it has a chunk
  if (aboveFill === false) return "lost";
  if (aboveFill === true && !losesSmall(own.above!.rule)) return "fill";
  const below = levels[level - 1];
  if (!below?.above) return "unknown";
  const parts = [...partsOf(own, position, below)].map((key) => fill.get(key));
  if (parts.some((isFill) => isFill === false)) return losesSmall(below.above.rule) ? "unknown" : "lost";
  return parts.every((isFill) => isFill === true) ? "fill" : "unknown";
}

/** Whether a level may be empty where the one below is not. */
const losesSmall = (rule: LevelRule): boolean => rule === "stride" || rule === "rounded";

/** If nearly all means equal the portal's to the last bit, the others are wrong too. Other programs round differently. */
const INEXACT_MAX = 0.01;

function exactLevels(comparisons: readonly { at: string; comparison: LevelComparison }[]): Map<string, boolean> {
  const counts = new Map<string, { inexact: number; voxels: number }>();
  for (const { at, comparison } of comparisons) {
    const before = counts.get(levelOf(at)) ?? { inexact: 0, voxels: 0 };
    before.inexact += comparison.inexact;
    before.voxels += comparison.voxels;
    counts.set(levelOf(at), before);
  }
  return new Map([...counts].map(([level, { inexact, voxels }]) => [level, inexact <= Math.max(1, INEXACT_MAX * voxels)]));
}

/** The array that an object is of, `…/tomo.zarr/1`. */
const levelOf = (key: string): string => /^.*\.zarr\/[^/]+/.exec(key)?.[0] ?? key;

function judgeLevels(
  { folder }: Hierarchy,
  comparisons: readonly { below: string; at: string; comparison: LevelComparison }[],
  { context }: ChunkScene,
): void {
  const { findings, tally } = context;
  let present = 0;
  let zeros = 0;
  const wrong = new Map<string, { voxels: number; of: number; said: string }>();
  const isExact = exactLevels(comparisons);
  for (const { below, at, comparison } of comparisons) {
    tally.levelVoxels += comparison.voxels;
    if (findings.isWrong(below) || findings.isWrong(at)) continue; // that explains it
    present += comparison.present;
    zeros += comparison.zeros;
    const inexact = isExact.get(levelOf(at)) ? comparison.inexact : 0;
    if (comparison.wrong + inexact === 0) continue;
    const { at: voxel, expected, found } = (comparison.first ?? comparison.firstInexact)!;
    const before = wrong.get(at);
    const said = `${below} makes ${expected} of voxel ${voxel.join(",")}, ${found} found`;
    wrong.set(at, {
      voxels: (before?.voxels ?? 0) + comparison.wrong + inexact,
      of: (before?.of ?? 0) + comparison.voxels,
      said: before?.said ?? said,
    });
  }
  for (const [key, { voxels, of, said }] of wrong) {
    findings.add(
      "level",
      key,
      `${voxels} of ${counted(of, "voxel differs", "voxels differ")} from what the level below gives: ${said}`,
    );
  }
  if (present > 0 && zeros > 0) {
    findings.add(
      "level",
      folder,
      `odd edges are the mean of the existing voxels in ${counted(present, "voxel")}, and are averaged with zeros in ${zeros}`,
    );
  } else if (present > 0) tally.edges.present++;
  else if (zeros > 0) tally.edges.zeros++;
}
