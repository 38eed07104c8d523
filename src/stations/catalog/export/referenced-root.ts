import { basename, dirname } from "node:path";
import { type JsonObject, printJsonLine } from "../../../core/json.js";
import { fileStore } from "../../../stores/file/store.js";
import type { Store } from "../../../stores/store.js";
import type { StaticWriter } from "./static-root.js";

/** Folder that contains everything: fsspec lists the root of references under another name than it opens it. */
const TOP = "tree";

/** Access of fsspec to the objects that are referred to. */
export interface RemoteAccess {
  /** Beginning of the addresses, without a last `/`. */
  readonly base: string;
  readonly protocol: "http" | "https" | "s3" | "gs";
  readonly options: JsonObject;
}

/**
 * A file of references beside the project file, for a remote tree: it has the address of every object under copick's path, and
 * contains the picks. fsspec reads both as one file system.
 *
 * Source: fsspec's ReferenceFileSystem, version 1 of its format. Cost: about 250 bytes for each chunk, in memory until it is
 * written.
 */
export function referencedRoot(
  file: string,
  tree: Store,
  { base, protocol, options }: RemoteAccess,
  signal?: AbortSignal,
): StaticWriter {
  const isWeb = protocol === "http" || protocol === "https";
  const addressOf = (key: string) => `${base}/${isWeb ? key.split("/").map(encodeURIComponent).join("/") : key}`;
  const lines = new Map<string, string>();
  return {
    async volume(path, key) {
      for await (const entry of tree.list(`${key}/`, { signal })) {
        const name = `${TOP}/${path}/${entry.key.slice(key.length + 1)}`;
        lines.set(name, printJsonLine([addressOf(entry.key)]));
      }
    },
    async text(path, pieces) {
      let text = "";
      for await (const piece of pieces) text += piece;
      lines.set(`${TOP}/${path}`, printJsonLine(text));
    },
    async finish() {
      const names = [...lines.keys()].sort();
      const encoder = new TextEncoder();
      const refs = names.map((name) => `${printJsonLine(name)}: ${lines.get(name)!}`).join(",\n");
      const body = encoder.encode(`{"version": 1, "refs": {\n${refs}\n}}\n`);
      await fileStore(dirname(file), { sync: false }).write(basename(file), body, { signal });
      return {
        static_root: `reference://${TOP}`,
        static_fs_args: { fo: file, remote_protocol: protocol, remote_options: options },
      };
    },
    async abandon() {},
  };
}
