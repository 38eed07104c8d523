import { open, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { cancelled } from "../../core/cancel.js";
import type { Stat, WriteOptions } from "../store.js";
import { errnoOf } from "./errors.js";
import { writePart } from "./part-names.js";
import { place } from "./place.js";
import type { FileRoot } from "./root.js";

const PART_ATTEMPTS = 5;

/** Writes a body to a hidden sibling of its path, then renames it. */
export async function writeWhole(root: FileRoot, path: string, body: Uint8Array, options: WriteOptions): Promise<Stat> {
  const sync = root.sync && options.lasting !== false;
  const part = writePart(basename(path));
  const { target, partPath, handle } = await openPart(root, path, part.name).catch((error: unknown) => {
    part.done();
    throw error;
  });
  try {
    try {
      await writeFile(handle, body, { signal: options.signal });
      if (sync) await handle.sync();
    } finally {
      await handle.close();
    }
    return await place({ sync }, partPath, target, path, options);
  } catch (error) {
    await rm(partPath, { force: true });
    throw options.signal?.aborted ? cancelled(options.signal) : error;
  } finally {
    part.done();
  }
}

/** Opens a new part file beside its target. Another process may remove the empty folder just before; then tries again. */
async function openPart(root: FileRoot, path: string, name: string) {
  for (let attempt = 1; ; attempt++) {
    try {
      const target = await root.forWriting(path);
      const partPath = join(dirname(target), name);
      return { target, partPath, handle: await open(partPath, "wx") };
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || attempt === PART_ATTEMPTS) throw error;
    }
  }
}
