import { mkdir, open, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ByteRange } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import { uploadTree } from "../../../engine/atomic-tree.js";
import { folderReceipt } from "../../../engine/receipts.js";
import type { ObjectReceipt, TaskContext } from "../../../engine/task.js";

/** A folder for the viewer in the making: on scratch space first, then on the target as a whole. */
export interface ViewFolder {
  /** Whether a file was made, by this attempt or one before it. */
  has(name: string): Promise<boolean>;
  /** Makes a file. A file of this name is always whole, also after a kill. */
  put(name: string, body: Uint8Array | string | Iterable<Uint8Array>): Promise<void>;
  /** A file that was made, or a part of it. */
  get(name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>>;
  /** Replaces the folder on the target. Its `info` is written last: readers find the new folder by it. */
  publish(): Promise<ObjectReceipt>;
}

/** @param below name of the folder below the scratch folder: for files of the target, or for files beside them. */
export async function viewFolder(context: TaskContext, key: string, below = "view"): Promise<ViewFolder> {
  const folder = join(await context.scratch(), below);
  await mkdir(folder, { recursive: true });
  return {
    has: async (name) => (await stat(join(folder, name)).catch(() => undefined)) !== undefined,
    async put(name, body) {
      const path = join(folder, name);
      const part = join(dirname(path), `.${basename(name)}.view.part`);
      await mkdir(dirname(path), { recursive: true });
      const pieces = typeof body === "string" ? [new TextEncoder().encode(body)] : body instanceof Uint8Array ? [body] : body;
      const file = await open(part, "w");
      try {
        for (const piece of pieces) await file.writeFile(piece);
        // a file that a later attempt finds is believed to be whole
        if (context.target.local?.sync) await file.datasync();
      } finally {
        await file.close();
      }
      await rename(part, path);
    },
    async get(name, range) {
      const file = await open(join(folder, name), "r");
      try {
        const { offset, length } = range ?? { offset: 0, length: (await file.stat()).size };
        const bytes = new Uint8Array(length);
        for (let at = 0; at < length; ) {
          const { bytesRead } = await file.read(bytes, at, length - at, offset + at);
          if (bytesRead === 0) throw new EmporiumError("STORE_FAILED", `${join(folder, name)} ends too early`);
          at += bytesRead;
        }
        return bytes;
      } finally {
        await file.close();
      }
    },
    async publish() {
      const receipts = await uploadTree(context, folder, key, { isMetadata: isInfo });
      return folderReceipt(context.target, key, receipts, context.keepContents);
    },
  };
}

/** Takes away what the target has under a folder's key, and tells that nothing is there. */
export async function clearedFolder(context: TaskContext, key: string): Promise<ObjectReceipt> {
  const { target, signal } = context;
  for await (const { key: info } of target.list(key, { signal }))
    if (isInfo(info.slice(key.length))) await target.remove(info, { signal });
  await target.remove(key, { signal });
  return folderReceipt(target, key, [], context.keepContents);
}

function isInfo(name: string): boolean {
  return name === "info" || name.endsWith("/info");
}
