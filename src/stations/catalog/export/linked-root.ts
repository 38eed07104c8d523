import { createWriteStream } from "node:fs";
import { lstat, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { fileError } from "../../../stores/file/errors.js";
import { fileStore } from "../../../stores/file/store.js";
import type { LocalAccess } from "../../../stores/store.js";
import { localUrl, type StaticWriter } from "./static-root.js";

/** Marks a folder as written by this program: only such a folder is replaced. */
const MARK = ".emporium-copick";

/**
 * A folder in copick's layout beside a project file, whose volumes are links into a tree on this machine. It is built beside its
 * final path and then renamed.
 *
 * @throws {EmporiumError} USAGE if a folder of this name exists that this program has not created.
 */
export async function linkedRoot(folder: string, tree: LocalAccess): Promise<StaticWriter> {
  const there = await lstat(folder).catch(() => undefined);
  if (there && !(await lstat(join(folder, MARK)).catch(() => undefined))) {
    throw new EmporiumError("USAGE", `${folder} exists already and is not a folder of an exported project`, {
      place: { file: folder },
      hint: "give another --out, or move the folder away",
    });
  }
  const { local } = fileStore(dirname(folder), { sync: false });
  const name = basename(folder);
  const part = await local.partPath(name, "copick");
  await rm(part, { recursive: true, force: true });
  await mkdir(part);
  await writeFile(join(part, MARK), "made by emporium catalog export copick; replaced as a whole when it is exported again\n");
  const placeFor = async (path: string) => {
    const place = join(part, path);
    await mkdir(dirname(place), { recursive: true });
    return place;
  };
  return {
    async volume(path, key) {
      const place = await placeFor(path);
      // a junction is the link to a folder that Windows gives everybody
      await symlink(tree.path(key), place, "junction").catch((error: unknown) => {
        throw fileError(error, place, "written");
      });
    },
    async text(path, pieces) {
      const place = await placeFor(path);
      try {
        await pipeline(Readable.from(pieces), createWriteStream(place, { flags: "wx" }));
      } catch (error) {
        // half a document would be listed as a whole one
        await rm(place, { force: true });
        throw isEmporiumError(error) ? error : fileError(error, place, "written");
      }
    },
    async finish() {
      await local.adopt(part, name);
      return { static_root: localUrl(folder), static_fs_args: {} };
    },
    abandon: () => rm(part, { recursive: true, force: true }),
  };
}
