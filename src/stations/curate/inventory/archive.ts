import { type PeetName, peetName } from "../../../formats/points/peet-name.js";
import type { FolderFailure, FolderRecord } from "./folder-facts.js";
import type { HeadFacts, MrcFacts } from "./head-facts.js";
import type { HygieneFlag } from "./hygiene-flags.js";
import type { InventoryHead } from "./inventory-files.js";
import { judgeOf } from "./judge.js";
import { extensionOf, type Kind } from "./kind.js";
import { readFolders } from "./listing.js";
import { type FolderPlace, folderPlace } from "./place.js";
import { type RunNaming, runNaming } from "./run-name.js";

/** One scanned root. */
export interface ArchiveRoot {
  /** Absolute, without a `/` at its end; "" is the root of the machine. */
  readonly path: string;
  readonly head: InventoryHead;
  /** The file of folder blocks. */
  readonly listing: string;
}

/** A folder of the archive with what its path and its files' names and heads say. Paths are absolute. */
export interface ArchiveFolder extends FolderPlace {
  readonly root: string;
  readonly path: string;
  /** Path below the root, "" for the root itself. */
  readonly rel: string;
  /** Nearest run folder, absolute. */
  readonly runFolder: string | undefined;
  readonly folders: readonly string[];
  readonly files: readonly ArchiveFile[];
  readonly failure: FolderFailure | undefined;
}

export interface ArchiveFile {
  readonly name: string;
  readonly path: string;
  readonly ext: string;
  readonly size: number;
  /** Time of the last change, in µs since 1970. */
  readonly mtimeUs: number;
  readonly kind: Kind;
  readonly head: HeadFacts | undefined;
  readonly hygiene: readonly HygieneFlag[];
  readonly peet: PeetName | undefined;
}

/**
 * The result of a scan. It is read from the workspace folder by folder, so memory depends on the largest folder only.
 *
 * Folders come root by root, in the order of their paths, each before the folders in it.
 */
export interface Archive {
  readonly roots: readonly ArchiveRoot[];
  folders(options?: FoldersOptions): AsyncGenerator<ArchiveFolder>;
}

interface FoldersOptions {
  signal?: AbortSignal | undefined;
}

export function openArchive(roots: readonly ArchiveRoot[]): Archive {
  return {
    roots,
    async *folders({ signal } = {}) {
      for (const root of roots) {
        const naming = runNaming(root.head.runPatterns);
        for await (const record of readFolders(root.listing, signal)) yield describeFolder(root.path, record, naming);
      }
    },
  };
}

export function describeFolder(root: string, record: FolderRecord, naming: RunNaming): ArchiveFolder {
  const place = folderPlace(root, record.path, naming);
  const absolute = (rel: string) => (rel === "" ? root || "/" : `${root}/${rel}`);
  const path = absolute(record.path);
  const prefix = path === "/" ? "/" : `${path}/`;
  const files = describeFiles(record, prefix);
  return {
    ...place,
    root,
    path,
    rel: record.path,
    runFolder: place.runPath === undefined ? undefined : absolute(place.runPath),
    folders: record.folders,
    files,
    failure: record.failure,
  };
}

/** @param prefix of paths: the folder's path with a `/` at its end */
function describeFiles(record: FolderRecord, prefix: string): ArchiveFile[] {
  const judge = judgeOf(record);
  return record.files.map((row): ArchiveFile => {
    const [name, size, mtimeUs, more] = row;
    const { kind, hygiene } = judge(row);
    return {
      name,
      path: prefix + name,
      ext: extensionOf(name),
      size,
      mtimeUs,
      kind,
      head: more?.head,
      hygiene,
      peet: kind === "peet" ? peetName(name) : undefined,
    };
  });
}

/** One subtomogram average: the latest iteration of an object in a folder of PEET. */
export interface PeetAverage {
  object: string;
  /** Folder of the refinement, absolute; its last name is `runN` as a rule. */
  folder: string;
  drive: string;
  run: string | undefined;
  iteration: number;
  /** Number of particles in the latest average; undefined where there are only lists of motives. */
  particles: number | undefined;
  /** Voxel spacing of the latest average along x, in Å. */
  voxelAngstrom: number | undefined;
  /** Path of the latest average volume. */
  path: string | undefined;
}

/** The averages in a folder, by object. */
export function averagesIn(folder: ArchiveFolder): PeetAverage[] {
  const averages = new Map<string, PeetAverage>();
  for (const { peet, head, path } of folder.files) {
    if (peet === undefined || peet.kind === "other") continue;
    const { object } = peet;
    const known = averages.get(object) ?? {
      object,
      folder: folder.path,
      drive: folder.drive,
      run: folder.run,
      iteration: 0,
      particles: undefined,
      voxelAngstrom: undefined,
      path: undefined,
    };
    averages.set(object, known);
    if (peet.kind === "project") continue;
    const later = peet.iteration > known.iteration;
    if (later) {
      known.iteration = peet.iteration;
      if (known.path !== undefined && peet.kind !== "average")
        Object.assign(known, { particles: undefined, voxelAngstrom: undefined, path: undefined });
    }
    // averages of one iteration have ever more particles: the last one counts
    if (peet.kind === "average" && (later || (peet.iteration === known.iteration && peet.particles >= (known.particles ?? 0)))) {
      Object.assign(known, {
        particles: peet.particles,
        path,
        voxelAngstrom: head?.format === "mrc" ? (voxelX(head) ?? undefined) : undefined,
      });
    }
  }
  return [...averages.values()].filter(({ iteration, path }) => iteration > 0 || path !== undefined);
}

const voxelX = ({ voxel }: MrcFacts) => voxel[2];
