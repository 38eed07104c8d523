import { createHash } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../core/clock.js";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import type { Log } from "../core/log.js";
import { takeLocksWithin } from "../engine/lock.js";
import { newRunId } from "../engine/run-id.js";
import { serially } from "../stores/file/place.js";
import { fileStore } from "../stores/file/store.js";
import type { Stat } from "../stores/store.js";

/** File of the workspace that all views are in. */
const FILE = "views.json";
/** Views of one run, or of one volume that is of no run; and all of them. */
const OF_ONE_MAX = 1_000;
const ALL_MAX = 10_000;
const LOCK_WAIT = { tries: 40, waitMs: 100 };
const WRITE_TRIES = 5;

const View = z.object({
  id: z.string(),
  name: z.string(),
  note: z.string(),
  to: z.string(),
  ref: z.string(),
  key: z.string().optional(),
  run: z.object({ id: z.number(), dataset: z.number(), name: z.string() }).optional(),
  who: z.string(),
  savedAt: z.string(),
});
const Document = z.object({ version: z.literal(1), views: z.array(View) });

/** A view as the workspace has it. */
export interface KeptView {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly to: string;
  readonly ref: string;
  /** Key in the catalogue's tree of a volume that is known by its number: numbers may go to others when a catalogue is made anew. */
  readonly key?: string | undefined;
  /** The run as it was then. */
  readonly run?: { readonly id: number; readonly dataset: number; readonly name: string } | undefined;
  readonly who: string;
  readonly savedAt: string;
}

/** What a person says of a view. */
export type ViewWords = Pick<KeptView, "name" | "note">;

/**
 * The views of a workspace. Every change reads the file under a lock and replaces it whole: several servers and tabs lose nothing of each other, and whoever
 * dies in the midst of it leaves the file of before.
 */
export interface ViewStore {
  /** In the order in which they were saved. @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD for a file that is none of ours; CONFIG_LIMIT */
  all(): Promise<readonly KeptView[]>;
  /** @throws {EmporiumError} CONFIG_LIMIT where there are too many; TARGET_LOCKED, and as `all` */
  add(view: Omit<KeptView, "id" | "savedAt">): Promise<KeptView>;
  /** @throws {EmporiumError} NOT_FOUND; CHANGED_MEANWHILE where it is not any more as the person has seen it */
  change(id: string, etag: string, words: ViewWords): Promise<KeptView>;
  /** @throws {EmporiumError} as `change` */
  remove(id: string, etag: string): Promise<void>;
}

/** A hash of what can be changed of a view. */
export const viewTag = ({ name, note }: ViewWords): string =>
  createHash("sha256")
    .update(JSON.stringify([name, note]))
    .digest("base64url")
    .slice(0, 22);

export function openViews({ workspace, clock, log }: { workspace: string; clock: Clock; log: Log }): ViewStore {
  let known: { readonly etag: string | undefined; readonly views: readonly KeptView[] } | undefined;

  async function read(): Promise<{ readonly stat: Stat | undefined; readonly views: readonly KeptView[] }> {
    const store = fileStore(workspace);
    const stat = await store.stat(FILE);
    if (!stat) return { stat, views: [] };
    if (known && known.etag === stat.etag) return { stat, views: known.views };
    if (stat.size > LIMITS.metadataBytes) throw tooLarge();
    const bytes = await store.read(FILE, undefined, { ifMatch: stat.etag });
    const views = bytes ? parsed(new TextDecoder().decode(bytes)) : [];
    known = { etag: stat.etag, views };
    return { stat, views };
  }

  /** @param change may be asked more than once; what it throws leaves everything as it is */
  async function changed(change: (views: readonly KeptView[]) => readonly KeptView[]): Promise<void> {
    await serially(`views ${workspace}`, async () => {
      const stop = new AbortController();
      const onLost = (error: EmporiumError) => stop.abort(error);
      const lock = { job: "views of the pages", clock, random: Math.random, log, onLost };
      const locks = await takeLocksWithin(fileStore(workspace, { sync: false }), [FILE], lock, LOCK_WAIT);
      try {
        for (let tries = 1; ; tries++) {
          const { stat, views } = await read();
          const text = `${JSON.stringify({ version: 1, views: change(views) }, undefined, 1)}\n`;
          const body = new TextEncoder().encode(text);
          if (body.length > LIMITS.metadataBytes) throw tooLarge();
          try {
            stop.signal.throwIfAborted();
            const condition = stat ? { ifMatch: stat.etag } : { ifAbsent: true };
            await fileStore(workspace).write(FILE, body, { ...condition, contentType: "application/json" });
            return;
          } catch (error) {
            if (!isEmporiumError(error) || error.code !== "STORE_CONFLICT" || tries >= WRITE_TRIES) throw error;
          }
        }
      } finally {
        await locks.release();
      }
    });
  }

  return {
    all: async () => (await read()).views,
    async add(view) {
      const now = clock.now();
      const kept: KeptView = { id: newRunId(now), ...view, savedAt: new Date(now).toISOString() };
      await changed((views) => {
        refuseTooMany(views, kept);
        return [...views, kept];
      });
      return kept;
    },
    async change(id, etag, words) {
      let kept: KeptView | undefined;
      await changed((views) => {
        kept = { ...seenAs(views, id, etag), ...words };
        return views.map((one) => (one.id === id ? kept! : one));
      });
      return kept!;
    },
    async remove(id, etag) {
      await changed((views) => {
        seenAs(views, id, etag);
        return views.filter((one) => one.id !== id);
      });
    },
  };
}

function parsed(text: string): readonly KeptView[] {
  const hint = `move ${FILE} out of the workspace: the next view that is saved begins another`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EmporiumError("CONFIG_SYNTAX", `${FILE} of the workspace is not JSON`, { place: { file: FILE }, hint });
  }
  const { data, error } = Document.safeParse(value);
  if (data) return data.views;
  const [issue] = error.issues;
  throw new EmporiumError("CONFIG_FIELD", `${FILE} of the workspace: ${issue!.path.join(".")}: ${issue!.message}`, {
    ...{ place: { file: FILE }, hint },
  });
}

function tooLarge(): EmporiumError {
  return new EmporiumError("CONFIG_LIMIT", `${FILE} of the workspace is full: at most ${LIMITS.metadataBytes / 2 ** 20} MiB`, {
    hint: "remove views that nobody needs any more",
  });
}

function refuseTooMany(views: readonly KeptView[], { ref, run }: KeptView): void {
  const hint = "remove views that nobody needs any more";
  if (views.length >= ALL_MAX) throw new EmporiumError("CONFIG_LIMIT", `${ALL_MAX} views are saved; no more are kept`, { hint });
  const isBeside = (one: KeptView) =>
    run ? one.run?.dataset === run.dataset && one.run.name === run.name : one.run === undefined && one.ref === ref;
  if (views.filter(isBeside).length < OF_ONE_MAX) return;
  const of = run ? `run ${run.name}` : "this volume";
  throw new EmporiumError("CONFIG_LIMIT", `${OF_ONE_MAX} views of ${of} are saved; no more are kept`, { hint });
}

function seenAs(views: readonly KeptView[], id: string, etag: string): KeptView {
  const found = views.find((one) => one.id === id);
  if (!found) throw noView();
  if (viewTag(found) === etag) return found;
  throw new EmporiumError("CHANGED_MEANWHILE", `the view was renamed meanwhile: it is “${found.name}”`, {
    hint: "load the list again; nothing was written",
  });
}

export function noView(): EmporiumError {
  return new EmporiumError("NOT_FOUND", "there is no such view (any more)", { hint: "load the list again" });
}
