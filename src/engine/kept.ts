import { createHash } from "node:crypto";
import { basename, dirname, resolve } from "node:path";
import { asEmporiumError, EmporiumError, isEmporiumError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import { fileStore } from "../stores/file/store.js";
import { type Env, envOf, type GivenEnv } from "./env.js";

/** What a command has answered, kept in the workspace for the pages of `serve`. */
export interface Kept<Result> extends KeptBrief {
  /** Words of the command line that answers the same. */
  readonly command: readonly string[];
  readonly result: Result;
}

export interface KeptBrief {
  /** Name of the file in its folder, without `.json`. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Folders of the workspace, one for each kind of answer. */
export type KeptKind = "harvest/compared" | "curate/matches" | "curate/labels";

const VERSION = 1;
/** So many are listed, the newest first. */
export const KEPT_LISTED_MAX = 200;
const ID = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

export interface Keeping extends GivenEnv {
  readonly workspace: string;
  readonly command: readonly string[];
  /** Locations that the answer is about, the first one gives it its name: a later answer about the same ones takes its place. */
  readonly about: readonly string[];
}

/** Keeps an answer. A workspace that cannot be written is a warning: the command has done what it was asked for. */
export async function keepResult(
  kind: KeptKind,
  result: object,
  { workspace, command, about, ...given }: Keeping,
): Promise<void> {
  const { clock, log, signal }: Env = envOf(given);
  const text = JSON.stringify({ version: VERSION, at: new Date(clock.now()).toISOString(), command, result });
  try {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > LIMITS.metadataBytes) {
      throw new EmporiumError("CONFIG_LIMIT", `it has ${bytes.length} bytes, at most ${LIMITS.metadataBytes} are kept`);
    }
    await fileStore(resolve(workspace)).write(`${kind}/${idOf(about)}.json`, bytes, { signal });
  } catch (error) {
    if (isEmporiumError(error) && error.code === "CANCELLED") throw error;
    log.warn(`the pages of emporium serve will not show this: ${asEmporiumError(error).message}`);
  }
}

/** `demo-out_file_metadata-1a2b3c4d`: what people know it by, and what tells it from others of that name. */
function idOf(about: readonly string[]): string {
  const whole = about.map((location) => (/^[a-z][a-z0-9+.-]*:\/\//i.test(location) ? location : resolve(location)));
  const [first = ""] = whole;
  const words = [basename(dirname(first)), basename(first).replace(/\.[a-z]+$/i, "")].filter(Boolean).join("_");
  const name = words.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[.-]+/, "");
  return `${name.slice(0, 80) || "result"}-${createHash("sha256").update(JSON.stringify(whole)).digest("hex").slice(0, 8)}`;
}

/** The newest first, and how many older ones there are beyond `KEPT_LISTED_MAX`. */
export async function listKept(kind: KeptKind, workspace: string): Promise<{ kept: readonly KeptBrief[]; older: number }> {
  const found: KeptBrief[] = [];
  for await (const { key, modifiedMs } of fileStore(resolve(workspace)).children(kind)) {
    const id = key.slice(kind.length + 1).replace(/\.json$/, "");
    if (key.endsWith(".json") && ID.test(id)) found.push({ id, at: new Date(modifiedMs ?? 0).toISOString() });
  }
  found.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.id < b.id ? -1 : 1));
  return { kept: found.slice(0, KEPT_LISTED_MAX), older: Math.max(0, found.length - KEPT_LISTED_MAX) };
}

/** One of them. @throws {EmporiumError} NOT_FOUND; CONFIG_SYNTAX for a file that this program has not written so */
export async function readKept<Result extends object>(kind: KeptKind, workspace: string, id: string): Promise<Kept<Result>> {
  const absent = () =>
    new EmporiumError("NOT_FOUND", `nothing is kept by the name ${id.slice(0, 100)}`, { hint: "see the list" });
  if (!ID.test(id)) throw absent();
  const store = fileStore(resolve(workspace));
  const key = `${kind}/${id}.json`;
  const stat = await store.stat(key);
  if (!stat) throw absent();
  const bytes = stat.size > LIMITS.metadataBytes ? undefined : await store.read(key);
  try {
    const { version, at, command, result } = JSON.parse(new TextDecoder().decode(bytes)) as Kept<Result> & { version: number };
    if (version === VERSION && typeof at === "string" && Array.isArray(command) && result) return { id, at, command, result };
  } catch {
    // said below
  }
  throw new EmporiumError("CONFIG_SYNTAX", `what is kept as ${id} cannot be read`, { hint: "run its command again" });
}
