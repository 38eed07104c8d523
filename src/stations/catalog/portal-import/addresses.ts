import type { TreePrefixes } from "../../../catalog/import-prefixes.js";
import type { Json } from "../../../core/json.js";
import type { RunFiles } from "./tree.js";

/** Resolves paths in documents to keys of the tree, addresses and sizes. */
export interface TreeAddresses {
  /** The key of a document's path, without any prefix before the tree's part. */
  keyOf(path: Json | undefined): string | undefined;
  s3(key: string | undefined): string | undefined;
  https(key: string | undefined): string | undefined;
  /** Bytes of a file, or of a folder with exactly this name; 0 if it is absent. */
  size(key: string | undefined): number | undefined;
}

/**
 * @param folder of the documents, `10001/TS_01` or `10001`: a key begins where it occurs in a path
 * @param onAbsent called for every missing path
 */
export function treeAddresses(
  prefixes: TreePrefixes,
  folder: string,
  run: RunFiles | undefined,
  onAbsent: (key: string) => void,
): TreeAddresses {
  let folders: ReadonlyMap<string, number | undefined> | undefined;
  const bucket = /^s3:\/\/([^/]+)/.exec(prefixes.s3)?.[1];
  return {
    keyOf(path) {
      if (typeof path !== "string" || path === "") return undefined;
      if (path.startsWith(`${prefixes.https}/`)) return trimmed(path.slice(prefixes.https.length + 1));
      if (path.startsWith(`${prefixes.s3}/`)) return trimmed(path.slice(prefixes.s3.length + 1));
      // an address outside the tree stays unchanged
      if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path) && !path.startsWith("s3://")) return path;
      const bare = trimmed(path.replace(/^s3:\/\//, ""));
      if (bare.startsWith(`${folder}/`) || bare === folder) return bare;
      const inside = bare.indexOf(`/${folder}/`);
      if (inside >= 0) return bare.slice(inside + 1);
      return bucket !== undefined && bare.startsWith(`${bucket}/`) ? bare.slice(bucket.length + 1) : bare;
    },
    s3: (key) => (key === undefined || isAddress(key) ? key : `${prefixes.s3}/${key}`),
    https: (key) => (key === undefined || isAddress(key) ? key : `${prefixes.https}/${urlPath(key)}`),
    size(key) {
      if (key === undefined || run === undefined || isAddress(key)) return undefined;
      const facts = run.files.get(key) ?? run.volumes.get(key);
      if (facts) return facts.size;
      folders ??= folderSizes(run);
      if (folders.has(key)) return folders.get(key);
      onAbsent(key);
      return 0;
    },
  };
}

/** Bytes below every folder of a run; undefined if a listing rounds them. */
function folderSizes(run: RunFiles): Map<string, number | undefined> {
  const sizes = new Map<string, number | undefined>();
  for (const facts of [run.files, run.volumes]) {
    for (const [key, { size }] of facts) {
      for (let end = key.lastIndexOf("/"); end > 0; end = key.lastIndexOf("/", end - 1)) {
        const folder = key.slice(0, end);
        const sum = sizes.has(folder) ? sizes.get(folder) : 0;
        sizes.set(folder, sum === undefined || size === undefined ? undefined : sum + size);
      }
    }
  }
  return sizes;
}

function trimmed(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}

function isAddress(key: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(key);
}

/** Percent-encodes only characters that would end the path or change its meaning, as clients expect. */
function urlPath(key: string): string {
  return key.replace(/[%?#]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
