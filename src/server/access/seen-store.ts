import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { relative } from "node:path";
import type { ByteRange } from "../../core/bytes.js";
import type { Json, JsonObject } from "../../core/json.js";
import { isJsonObject, jsonText } from "../../core/json-fields.js";
import { layersOf, parseState } from "../../formats/precomputed/state-view.js";
import { isInside } from "../../stores/file/inside.js";
import type { Entry, Stat, Store } from "../../stores/store.js";
import type { TreeSight } from "./tree-sight.js";

/** A folder that no store has: what is not seen is looked for there, and takes the way of everything that is not there. */
export const NOWHERE = ".not-there";
const STATE = /(?:^|[/-])neuroglancer_config\.json$/i;

/**
 * A store with what somebody may see of it. Whatever else is asked for does not exist: listings leave it out, and no call can tell it from a name that nobody
 * has given.
 *
 * @param inTree key in the catalogue's tree of a key of the store; undefined for what is not in the tree
 * @param seesOthers whether that is seen
 */
export function seenStore(
  store: Store,
  sight: TreeSight,
  inTree: (key: string) => string | undefined,
  seesOthers: boolean,
): Store {
  const { local } = store;
  const root = local && realpathSync.native(local.path(""));
  const bare = (key: string) => key.replace(/\/+$/, "");
  /** The key behind links within the store: a name in one dataset may lead into another. */
  const behind = (key: string): string => {
    if (!local || root === undefined) return key;
    try {
      const real = realpathSync.native(local.path(key));
      return isInside(root, real) ? relative(root, real).replaceAll("\\", "/") : key;
    } catch {
      return key;
    }
  };
  const seesOne = async (key: string): Promise<boolean> => {
    const own = inTree(key);
    return own === undefined ? seesOthers : sight.sees(own);
  };
  const sees = async (key: string): Promise<boolean> => {
    const name = bare(key);
    if (!(await seesOne(name))) return false;
    const real = behind(name);
    return real === name || seesOne(real);
  };
  const seesAtOnce = (key: string): boolean =>
    [bare(key), behind(bare(key))].every((one) => {
      const own = inTree(one);
      return own === undefined ? seesOthers : sight.seesAtOnce(own);
    });
  const asKey = async (key: string): Promise<string> => ((await sees(key)) ? key : `${NOWHERE}/${key}`);

  /** A stored view, without the layers that somebody may not see. Undefined where all of it is seen. */
  async function lessState(key: string): Promise<{ bytes: Uint8Array; stat: Stat } | undefined> {
    const own = STATE.test(key) ? inTree(key) : undefined;
    if (own === undefined || !(await sight.isPartOfRun(own))) return undefined;
    const [stat, text] = await Promise.all([store.stat(key), store.read(key)]);
    if (!stat || !text) return undefined;
    const bytes = new TextEncoder().encode(await withoutHidden(new TextDecoder().decode(text), own, sight));
    const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
    return { bytes, stat: { size: bytes.length, etag, modifiedMs: stat.modifiedMs } };
  }
  async function* seenOnly(entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
    for await (const entry of entries) {
      if (!(await seesOne(bare(entry.key)))) continue;
      const less = await lessState(entry.key);
      yield less ? { ...entry, ...less.stat } : entry;
    }
  }
  return {
    ...store,
    stat: async (key, options) => {
      const name = await asKey(key);
      return (name === key ? (await lessState(key))?.stat : undefined) ?? store.stat(name, options);
    },
    async read(key, range, options) {
      const name = await asKey(key);
      const less = name === key ? await lessState(key) : undefined;
      return less ? part(less.bytes, range) : store.read(name, range, options);
    },
    async *list(prefix, options) {
      for await (const entry of seenOnly(store.list(prefix, options))) if (await sees(entry.key)) yield entry;
    },
    async *children(folder, options) {
      const name = folder === "" ? folder : await asKey(folder);
      const links = await linksIn(local?.path(name));
      for await (const entry of seenOnly(store.children(name, options))) {
        const isLink = links.has(bare(entry.key).slice(folder.length));
        if (!isLink || (await sees(entry.key))) yield entry;
      }
    },
    ...(store.stream && { stream: async (key, from, options) => store.stream!(await asKey(key), from, options) }),
    // a thread of its own would ask without asking here
    shortWay: undefined,
    local: local && { ...local, path: (key) => local.path(seesAtOnce(key) ? key : `${NOWHERE}/${key}`) },
  };
}

/** Names of the links in a folder: what is listed by such a name may be anything else. */
async function linksIn(folder: string | undefined): Promise<ReadonlySet<string>> {
  if (folder === undefined) return new Set();
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return new Set(entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name));
}

function part(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  return range ? bytes.subarray(range.offset, range.offset + range.length) : bytes;
}

/** @param key of the view, in the tree */
async function withoutHidden(text: string, key: string, sight: TreeSight): Promise<string> {
  const state = parseState(text);
  const run = key.split("/").slice(0, 2).join("/");
  const layers: JsonObject[] = [];
  for (const layer of layersOf(state)) {
    const keys = addressesOf(layer).map((address) => keyIn(run, address));
    // a layer of unknown origin may have been made of anything
    const isSeen = keys.length > 0 && (await Promise.all(keys.map((own) => own !== undefined && sight.sees(own)))).every(Boolean);
    if (isSeen) layers.push(layer);
  }
  return `${JSON.stringify({ ...state, layers })}\n`;
}

function addressesOf({ source }: JsonObject): string[] {
  const sources = Array.isArray(source) ? (source as readonly Json[]) : [source];
  return sources.flatMap((one) => jsonText(isJsonObject(one) ? one.url : one) ?? []);
}

/** The key of an address below a run's folder; undefined for another one. */
function keyIn(run: string, address: string): string | undefined {
  let plain = address.replace(/\|.*$/s, "").replace(/\/+$/, "");
  try {
    plain = decodeURIComponent(plain);
  } catch {
    return undefined;
  }
  const at = plain.lastIndexOf(`/${run}/`);
  return at < 0 ? undefined : plain.slice(at + 1);
}
