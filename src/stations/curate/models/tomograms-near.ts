import type { ReadOptions } from "../../../core/bytes.js";
import { isEmporiumError } from "../../../core/errors.js";
import { readMrcHeader } from "../../../formats/mrc/header.js";
import { objectName, openObject } from "../../../stores/store.js";
import { openStore } from "../../../stores/url.js";
import { forEachLimited } from "../../../system/parallel.js";
import type { TomogramCandidate } from "./drawn-on.js";

/** The most volumes of one folder whose headers are read. */
const VOLUMES_MAX = 200;
const AT_ONCE = 8;

/**
 * Volumes that a model may have been drawn on: those of its folder, else those of the folder above. Files with a volume's name
 * that are not volumes are left out.
 *
 * @param model path or URL
 * @throws {EmporiumError} STORE_… if a folder cannot be listed
 */
export async function tomogramsNear(model: string, options: NearOptions = {}): Promise<TomogramCandidate[]> {
  const folder = parentOf(model);
  if (folder === undefined) return [];
  const beside = await volumesIn(folder, 0, options);
  const above = parentOf(folder);
  return beside.length > 0 || above === undefined ? beside : volumesIn(above, 1, options);
}

export interface NearOptions extends ReadOptions {
  anonymous?: boolean | undefined;
}

/** Undefined above the root of a disk, a bucket or a server. */
function parentOf(location: string): string | undefined {
  const [root] = /^(?:[a-z][a-z\d+.-]*:\/\/[^/]*)?\//i.exec(location) ?? [];
  if (root === undefined || location === root) return undefined;
  return location.slice(0, Math.max(root.length, location.lastIndexOf("/")));
}

async function volumesIn(folder: string, distance: number, { anonymous, signal }: NearOptions): Promise<TomogramCandidate[]> {
  const store = await openStore(folder, { anonymous, readOnly: true });
  const keys: string[] = [];
  for await (const { key } of store.children("", { signal })) {
    if (isVolumeName(key.slice(key.lastIndexOf("/") + 1))) keys.push(key);
    if (keys.length === VOLUMES_MAX) break;
  }
  const found: (TomogramCandidate | undefined)[] = keys.map(() => undefined);
  await forEachLimited([...keys.keys()], AT_ONCE, async (at) => {
    try {
      const source = await openObject(store, keys[at]!, { signal });
      const header = await readMrcHeader(source, { signal, allowShort: true });
      const [z, y, x] = header.voxelSizeAngstrom;
      found[at] = {
        path: objectName(store, keys[at]!),
        shape: header.shape,
        voxelAngstrom: [z ?? null, y ?? null, x ?? null],
        originAngstrom: header.originAngstrom,
        distance,
      };
    } catch (error) {
      if (signal?.aborted || !isEmporiumError(error)) throw error;
    }
  });
  return found.filter((one) => one !== undefined);
}

/** `._X.rec` is a sidecar of macOS. */
const isVolumeName = (name: string): boolean => /\.(?:rec|mrc)$/i.test(name) && !name.startsWith("._");
