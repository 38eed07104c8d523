import type { Store } from "../../../stores/store.js";
import type { Findings } from "./findings.js";
import type { LevelsChecked } from "./hierarchy.js";
import type { Records } from "./records.js";
import type { Workers } from "./threads.js";

/** Objects and settings that all checks of a tree share. */
export interface CheckContext {
  store: Store;
  records: Records;
  findings: Findings;
  tally: Tally;
  workers: Workers;
  threads: number;
  levels: LevelsChecked;
  /** The levels that are checked were given by the user. */
  levelsGiven: boolean;
  /** Whether an object is read. Metadata always are. */
  isAsked(key: string): boolean;
  sha256: boolean;
  signal: AbortSignal;
  /** Bytes of objects that have been dealt with. */
  onBytes(bytes: number): void;
}

/** Counts for the report. */
export interface Tally {
  objects: number;
  bytes: number;
  objectsRead: number;
  bytesRead: number;
  /** Objects whose bytes are those that were recorded. */
  objectsProven: number;
  bytesProven: number;
  /** Objects read that nothing names and no record has. */
  objectsExtra: number;
  chunksDecoded: number;
  /** Chunks that are absent because they hold the fill value only. */
  chunksFill: number;
  levelVoxels: number;
  /** Voxels of MRC files that were compared with level 0. */
  twinVoxels: number;
  /** Pyramids by what odd edges met: the mean of what is there, or the reference's zeros. */
  edges: { present: number; zeros: number };
}

export function emptyTally(): Tally {
  return {
    objects: 0,
    bytes: 0,
    objectsRead: 0,
    bytesRead: 0,
    objectsProven: 0,
    objectsExtra: 0,
    bytesProven: 0,
    chunksDecoded: 0,
    chunksFill: 0,
    levelVoxels: 0,
    twinVoxels: 0,
    edges: { present: 0, zeros: 0 },
  };
}

/** Why an object should be there. */
export interface Named {
  by: string;
  promised: boolean;
  mrc?: boolean;
}

export type NamedObjects = Map<string, Named>;
