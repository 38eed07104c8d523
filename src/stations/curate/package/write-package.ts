import { EmporiumError } from "../../../core/errors.js";
import { type JsonObject, parseJson, printJson } from "../../../core/json.js";
import { removeIfEmpty } from "../../../engine/disk.js";
import type { Env } from "../../../engine/env.js";
import { objectName, type Store } from "../../../stores/store.js";
import { forEachLimited } from "../../../system/parallel.js";
import type { MadeFile } from "./pack-runs.js";

export const CONFIG = "config.yaml";
const CONTENTS = "contents.json";
const AT_ONCE = 8;

export interface Writing extends Pick<Env, "clock" | "signal" | "onEvent"> {
  files: readonly MadeFile[];
  yaml: string;
  batch: string;
  replace?: boolean | undefined;
}

/**
 * Writes the files, then the configuration. The list of contents is written first, with the files of an earlier package: all that
 * are not of this one are removed at the end, also after an interruption, since a glob would find them.
 *
 * @throws {EmporiumError} USAGE for another configuration, CONFIG_COLLISION for other files, before anything is written
 */
export async function writePackage(target: Store, writing: Writing): Promise<void> {
  const { files, yaml, batch, replace = false, clock, signal, onEvent } = writing;
  const config = Buffer.from(yaml);
  const there = await target.read(CONFIG, undefined, { signal });
  if (there && !config.equals(there) && !replace) {
    throw new EmporiumError("USAGE", `${objectName(target, CONFIG)} is there and differs from what would be written`, {
      hint: "choose another --dest, or keep a copy of the file, which may have been filled in, and overwrite it with --replace",
    });
  }
  const earlier = await contentsOf(target, batch, signal);
  const own = files.map(({ entry }) => entry.dest);
  const stale = earlier.filter((key) => !own.includes(key));
  await refuseOthers(target, files, new Set(earlier), signal);
  await writeContents(target, batch, [...own, ...stale], signal);
  const startMs = clock.monotonic();
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  onEvent({ atMs: startMs, kind: "plan", tasks: files.length, bytes, resumed: false, createdMs: clock.now() });
  let exitStatus = 1;
  try {
    await forEachLimited(files, AT_ONCE, async ({ entry, bytes }) => {
      const task = { id: entry.dest, title: entry.dest, run: "package", bytes: bytes.length };
      onEvent({ atMs: clock.monotonic(), kind: "start", task, threads: 1, notes: 0 });
      await target.write(entry.dest, bytes, { signal });
      onEvent({ atMs: clock.monotonic(), kind: "settled", task, state: "done", seconds: 0 });
    });
    await target.write(CONFIG, config, { signal });
    for (const key of stale) await forget(target, key, signal);
    if (stale.length > 0) await writeContents(target, batch, own, signal);
    exitStatus = 0;
  } finally {
    const atMs = clock.monotonic();
    onEvent({ atMs, kind: "end", exitStatus, seconds: (atMs - startMs) / 1000 });
  }
}

/** @throws {EmporiumError} CONFIG_COLLISION for files of somebody else where some of the package would go */
async function refuseOthers(
  target: Store,
  files: readonly MadeFile[],
  earlier: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const others: string[] = [];
  await forEachLimited(files, AT_ONCE, async ({ entry: { dest }, bytes }) => {
    if (earlier.has(dest)) return;
    const there = await target.stat(dest, { signal });
    if (!there) return;
    const isSame =
      there.size === bytes.length && Buffer.from(bytes).equals((await target.read(dest, undefined, { signal })) ?? Buffer.of());
    if (!isSame) others.push(dest);
  });
  const [first] = others.sort();
  if (first === undefined) return;
  const more = others.length > 1 ? ` and ${others.length - 1} more` : "";
  throw new EmporiumError("CONFIG_COLLISION", `${objectName(target, first)}${more} exists and is not of a package`, {
    hint: "choose another --dest, or move it away",
  });
}

/** Removes a file of an earlier package, and folders that are then empty: the configuration takes a folder for a run. */
async function forget(target: Store, key: string, signal: AbortSignal | undefined): Promise<void> {
  await target.remove(key, { signal });
  const names = key.split("/");
  for (let depth = names.length - 1; depth > 0 && target.local; depth--)
    await removeIfEmpty(target.local.path(names.slice(0, depth).join("/")));
}

async function writeContents(
  target: Store,
  batch: string,
  files: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const document: JsonObject = { version: 1, batch, files: [...files].sort() };
  await target.write(CONTENTS, Buffer.from(`${printJson(document, { indent: 2 })}\n`), { signal });
}

/** Keys of an existing package. @throws {EmporiumError} USAGE if it is of another batch */
async function contentsOf(target: Store, batch: string, signal: AbortSignal | undefined): Promise<string[]> {
  const bytes = await target.read(CONTENTS, undefined, { signal });
  if (!bytes) return [];
  const found = parseJson(new TextDecoder().decode(bytes)) as JsonObject | null;
  if (found?.batch !== batch || !Array.isArray(found.files)) {
    throw new EmporiumError("USAGE", `${target.url} holds a package of batch ${String(found?.batch)}`, {
      hint: "choose another --dest",
    });
  }
  return found.files.filter(
    (key): key is string => typeof key === "string" && /^[^/]+\/[^/]+\/VoxelSpacing[^/]*\/[a-z]+\/[^/]+$/.test(key),
  );
}
