import { EmporiumError } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import { counted } from "../../../core/units.js";
import { compilePattern } from "../../../engine/pattern.js";
import type { Store } from "../../../stores/store.js";
import { openStore } from "../../../stores/url.js";
import { mapLimit } from "../../../system/parallel.js";

/** Which datasets of a bucket, as the reference's queues are told it. */
export interface DatasetChoice {
  /** Beginning of their folders' keys: `""`, or `folder/`. */
  readonly prefix?: string | undefined;
  /** Expressions that match from the start. */
  readonly filter: readonly string[];
  readonly exclude: readonly string[];
  /** Beginnings of names, in place of `prefix`. */
  readonly include: readonly string[];
}

export interface PortalTree {
  readonly bucket: string;
  readonly anonymous?: boolean | undefined;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

const ASKED_AT_ONCE = 16;
const NAMES_SHOWN = 5;

/** Keys of the chosen datasets' folders, without the last `/`. @throws {EmporiumError} USAGE where there is none; CONFIG_REGEX, STORE_… */
export async function datasetsOf(tree: PortalTree, { prefix = "", filter, exclude, include }: DatasetChoice): Promise<string[]> {
  const [only, without] = [
    filter.map((source) => compilePattern(source, { path: "--filter-datasets" })),
    exclude.map((source) => compilePattern(source, { path: "--exclude-dataset" })),
  ];
  const named = include.length > 0;
  const file = "dataset_metadata.json";
  const found = await foldersWith(tree, file, named ? include : [prefix], named ? "--include-dataset" : undefined);
  const chosen = found.filter(
    (id) => (only.length === 0 || only.some((pattern) => pattern.atStart(id))) && !without.some((pattern) => pattern.atStart(id)),
  );
  if (chosen.length > 0) return chosen;
  const there = found.length === 0 ? "no folder there has dataset_metadata.json" : `${counted(found.length, "dataset")} there`;
  throw new EmporiumError("USAGE", `no dataset of s3://${tree.bucket}/${prefix} is chosen: ${there}`, {
    hint: "check the bucket, --s3-prefix, --filter-datasets and --exclude-dataset",
  });
}

/** Numbers of the depositions. @throws {EmporiumError} USAGE, STORE_… */
export async function depositionsOf(tree: PortalTree, include: readonly string[]): Promise<string[]> {
  const folders = include.map((id) => `depositions_metadata/${id}`);
  const found = await foldersWith(tree, "deposition_metadata.json", folders, "--include-deposition");
  return found.map((key) => key.slice(key.lastIndexOf("/") + 1));
}

/** Folders whose key begins so and that have this file. The reference takes a name as a beginning: where it is not the whole name, that is said. */
async function foldersWith(tree: PortalTree, file: string, beginnings: readonly string[], flag?: string): Promise<string[]> {
  const { bucket, anonymous, log, signal } = tree;
  const store = await openStore(`s3://${bucket}`, { readOnly: true, anonymous });
  const found = new Set<string>();
  for (const beginning of beginnings) {
    const keys = await foldersFrom(store, beginning, signal);
    const stats = await mapLimit(keys, ASKED_AT_ONCE, (key) => store.stat(`${key}/${file}`, { signal }));
    const here = keys.filter((_, at) => stats[at] !== undefined);
    const said = beginning.replace(/^depositions_metadata\//, "");
    if (flag !== undefined && here.length === 0) {
      throw new EmporiumError("USAGE", `${flag} ${said}: no folder of s3://${bucket} begins so and has ${file}`, {
        hint: "give the number as the folder has it, without a slash",
      });
    }
    if (flag !== undefined && here.some((key) => key !== beginning)) {
      const shown = [...here.slice(0, NAMES_SHOWN), ...(here.length > NAMES_SHOWN ? ["…"] : [])].join(", ");
      log.warn(`${flag} ${said} takes every name that begins so, as the portal's own program does: ${shown}`);
    }
    for (const key of here) found.add(key);
  }
  return [...found];
}

async function foldersFrom(store: Store, beginning: string, signal: AbortSignal | undefined): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.children(beginning.slice(0, beginning.lastIndexOf("/") + 1), { signal })) {
    if (key.endsWith("/") && key.startsWith(beginning)) keys.push(key.slice(0, -1));
  }
  return keys;
}
