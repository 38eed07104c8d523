import type { ReadOptions } from "../../../core/bytes.js";
import { isEmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { readMrcHeader } from "../../../formats/mrc/header.js";
import { objectName, openObject } from "../../../stores/store.js";
import { openStore } from "../../../stores/url.js";
import { forEachLimited } from "../../../system/parallel.js";
import type { TomogramCandidate } from "./drawn-on.js";

/** The most volumes of one folder whose headers are read. */
const VOLUMES_MAX = 200;
const AT_ONCE = 8;
const UNREAD_SHOWN = 3;

/** Volumes near a model, and which of those there could not be compared with it. */
export interface NearVolumes {
  readonly volumes: readonly TomogramCandidate[];
  readonly warnings: readonly string[];
}

/**
 * Volumes that a model may have been drawn on: those of its folder, else those of the folder above. Files with a volume's name
 * that cannot be read are left out with a warning: the model may have been drawn on one of them.
 *
 * @param model path or URL
 * @throws {EmporiumError} STORE_… if a folder cannot be listed
 */
export async function tomogramsNear(model: string, options: NearOptions = {}): Promise<NearVolumes> {
  const folder = parentOf(model);
  if (folder === undefined) return { volumes: [], warnings: [] };
  const beside = await volumesIn(folder, 0, options);
  const above = parentOf(folder);
  if (beside.volumes.length > 0 || above === undefined) return beside;
  const farther = await volumesIn(above, 1, options);
  return { volumes: farther.volumes, warnings: [...beside.warnings, ...farther.warnings] };
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

async function volumesIn(folder: string, distance: number, { anonymous, signal }: NearOptions): Promise<NearVolumes> {
  const store = await openStore(folder, { anonymous, readOnly: true });
  const keys: string[] = [];
  const warnings: string[] = [];
  for await (const { key } of store.children("", { signal })) {
    if (!isVolumeName(key.slice(key.lastIndexOf("/") + 1))) continue;
    if (keys.length === VOLUMES_MAX) {
      warnings.push(`only the first ${VOLUMES_MAX} volumes of ${folder} were compared with the model`);
      break;
    }
    keys.push(key);
  }
  const found: (TomogramCandidate | undefined)[] = keys.map(() => undefined);
  const unread: string[] = keys.map(() => "");
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
      unread[at] = `a volume near the model was not compared: ${error.message}`;
    }
  });
  return { volumes: found.filter((one) => one !== undefined), warnings: [...warnings, ...firstOf(unread.filter(Boolean))] };
}

function firstOf(unread: readonly string[]): string[] {
  const more = unread.length - UNREAD_SHOWN;
  return [...unread.slice(0, UNREAD_SHOWN), ...(more > 0 ? [`${counted(more, "more volume")} could not be read either`] : [])];
}

/** `._X.rec` is a sidecar of macOS. */
const isVolumeName = (name: string): boolean => /\.(?:rec|mrc)$/i.test(name) && !name.startsWith("._");
