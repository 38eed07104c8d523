import { asEmporiumError } from "../core/errors.js";
import { formatNamed } from "../formats/registry.js";
import type { MatchFolder } from "../model/page-api.js";
import { isUtf8Name, shownPath } from "../stations/curate/inventory/path-bytes.js";
import { objectSource, peekObject } from "../stations/harvest/records/object-source.js";
import { fileStore } from "../stores/file/store.js";
import type { Store } from "../stores/store.js";
import { isHiddenKey } from "./hidden.js";
import { type Place, refOfPath } from "./places.js";

const FILES_MAX = 50;
const ENTRIES_MAX = 5_000;
/** Number of volumes whose headers are read. */
const VOLUMES_MAX = 3;
const isVolumeName = (name: string): boolean => formatNamed(name) !== undefined;

/**
 * The files of one folder of an archive, the volumes first. Folders outside the scanned ones are not looked into, whatever a table says.
 *
 * @param path absolute
 */
export async function matchFolder(
  path: string,
  roots: readonly { readonly path: string }[],
  places: readonly Place[],
  signal: AbortSignal,
): Promise<MatchFolder> {
  const root = roots.find((one) => path.startsWith(`${one.path}/`))?.path;
  if (root === undefined || !isUtf8Name(path)) return { files: [], more: 0 };
  const store = fileStore(root);
  const folder = path.slice(root.length + 1);
  const found: { key: string; size: number }[] = [];
  let more = 0;
  for await (const { key, size } of store.children(folder, { signal })) {
    if (key.endsWith("/") || isHiddenKey(key)) continue;
    if (found.length + more >= ENTRIES_MAX) break;
    if (found.length < FILES_MAX || isVolumeName(key)) found.push({ key, size });
    else more++;
  }
  found.sort((a, b) => Number(isVolumeName(b.key)) - Number(isVolumeName(a.key)));
  const shown = found.slice(0, FILES_MAX);
  const files = await Promise.all(
    shown.map(async ({ key, size }, at) => ({
      name: shownPath(key.slice(folder.length + 1)),
      size,
      ...(at < VOLUMES_MAX && isVolumeName(key)
        ? { ...(await headerOf(store, key, signal)), ref: refOfPath(`${root}/${key}`, places) }
        : {}),
    })),
  );
  return { files, more: more + found.length - shown.length };
}

async function headerOf(store: Store, key: string, signal: AbortSignal) {
  try {
    const { images } = await peekObject(objectSource(store, key, { name: key, signal }), { exact: false, signal });
    const [facts] = images;
    if (!facts) return {};
    const { shape, unit, voxelSize } = facts;
    return { shape, voxelSizeAngstrom: unit.at(-1) === "Å" ? (voxelSize.at(-1) ?? undefined) : undefined };
  } catch (error) {
    return { fault: asEmporiumError(error).code };
  }
}
