import { statSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { EmporiumError } from "../../core/errors.js";
import type { IoMode } from "../io-mode.js";
import type { LocalAccess } from "../store.js";
import { trying } from "./errors.js";
import { partName } from "./part-names.js";
import { replaceWhole, serially } from "./place.js";
import type { FileRoot } from "./root.js";
import { syncPath, syncTree } from "./sync.js";

export function localAccess(root: FileRoot, io: IoMode): LocalAccess {
  const { sync } = root;
  return {
    sync,
    io,
    path: (key) => root.path(key, "folder"),
    otherThing(key) {
      const found = statSync(root.path(key, "folder"), { throwIfNoEntry: false });
      if (found === undefined || found.isFile()) return undefined;
      return found.isDirectory() ? "folder" : found.isFIFO() ? "pipe" : found.isSocket() ? "socket" : "device";
    },
    async partPath(key, tag) {
      const path = root.path(key, "either");
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(tag))
        throw new EmporiumError("INTERNAL", `a part's tag is a short plain word, found ${tag}`);
      return trying(path, "written", async () => join(dirname(await root.forWriting(path)), partName(basename(path), tag)));
    },
    async adopt(partPath, key) {
      const path = root.path(key, "either");
      await trying(path, "written", async () => {
        const isFolder = (await lstat(partPath)).isDirectory();
        if (sync) await (isFolder ? syncTree(partPath) : syncPath(partPath, "file"));
        const target = await root.forWriting(path);
        await serially(target, async () => {
          await replaceWhole(partPath, target, isFolder);
          if (sync) await syncPath(dirname(target), "folder");
        });
      });
    },
  };
}
