import type { PictureName } from "../../../arrays/picture/frame.js";
import { greyOf } from "../../../arrays/picture/grey.js";
import type { Picture } from "../../../arrays/picture/marks.js";
import { fitPicture } from "../../../arrays/picture/render.js";
import { centralSlab } from "../../../arrays/picture/slab.js";
import { readSlab } from "../../../arrays/stream/source/read-slab.js";
import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { formatBytes } from "../../../core/units.js";
import type { ObjectReceipt, Operation, TaskContext } from "../../../engine/task.js";
import { absent, objectName } from "../../../stores/store.js";
import { threadPool } from "../../../system/threads.js";
import { readPicture } from "../validate/facts/picture.js";
import { drawnMarks, type PictureLayer } from "./picture-marks.js";
import type { Drawing } from "./picture-worker.js";
import { publishUnlessSame } from "./publish.js";
import { type GreySection, type SectionCache, sectionCacheKey } from "./section-cache.js";

/** Parameters of the task of a tomogram's pictures. Keys are the target's, except `source`. */
export interface PictureParams {
  /** The tomogram's files, where it has them. */
  mrc: string | null;
  zarr: string | null;
  /** Identity of the volume: id of the task that makes it, or size and ETag of the stored file. */
  made: string;
  pictures: readonly { readonly name: PictureName; readonly key: string; readonly source?: string }[];
  /** Annotations to show on the tomogram, in the order in which they are drawn. */
  layers: readonly PictureLayer[];
  force?: true;
}

/**
 * Draws a tomogram's pictures, or makes them from given pictures. The section comes from the conversion's cache. After a resume,
 * or for a tomogram that existed before, it is read from the target.
 *
 * An unreadable mark is left out with a warning; an unreadable given picture is replaced by a rendered one.
 *
 * @throws {EmporiumError} STORE_ABSENT where the tomogram has no volume, FORMAT_… of its readers
 */
export function pictureOperation(cache: SectionCache): Operation {
  return async ({ params }, context) => {
    const { mrc, zarr, pictures, layers, force } = params as unknown as PictureParams;
    const warnings: string[] = [];
    const files = new Map<PictureName, Uint8Array>();
    const drawn = new Map<string, Picture | undefined>();
    for (const { name, source } of pictures) {
      if (source === undefined) continue;
      if (!drawn.has(source)) drawn.set(source, await readDrawn(source, context, warnings));
      const picture = drawn.get(source);
      if (picture) files.set(name, (await png()).encodePng(fitPicture(picture, name)));
    }
    const names = pictures.map(({ name }) => name).filter((name) => !files.has(name));
    if (names.length > 0) {
      const grey = cache.take(sectionCacheKey({ mrc, zarr })) ?? (await readSection({ mrc, zarr }, context));
      const section = { ...grey, ...(await drawnMarks(grey, layers, context, warnings)) };
      for (const [at, file] of (await drawOnThread({ section, names })).entries()) files.set(names[at]!, file);
    }
    const outputs: ObjectReceipt[] = [];
    for (const { name, key } of pictures) {
      outputs.push(await publishUnlessSame(context, key, files.get(name)!, { contentType: "image/png", force }));
    }
    return { outputs, warnings, facts: { pictures: outputs.length, rendered: names.length } };
  };
}

/** Its library takes as long to load as a plan of some tomograms: only given pictures need it here. */
const png = () => import("../../../arrays/picture/png.js");

async function readSection(files: Pick<PictureParams, "mrc" | "zarr">, { target, signal }: TaskContext): Promise<GreySection> {
  const slab = await readSlab(target, files, centralSlab, signal);
  if (!slab) throw absent(target, files.mrc ?? files.zarr ?? "the tomogram's volume");
  return { height: slab.height, width: slab.width, planes: slab.planes, grey: greyOf(slab.sum) };
}

/** A picture from the sources; undefined, with a warning, if it cannot be resized. */
async function readDrawn(key: string, { source, signal }: TaskContext, warnings: string[]): Promise<Picture | undefined> {
  const name = objectName(source, key);
  try {
    const stat = await source.stat(key, { signal });
    if (!stat) throw absent(source, key);
    if (stat.size > LIMITS.chunkBytes) {
      throw new EmporiumError("FORMAT_LIMIT", `${name} has ${formatBytes(stat.size)}, too large for a picture`, {
        place: { file: name },
      });
    }
    const bytes = await source.read(key, undefined, { signal, ifMatch: stat.etag });
    if (!bytes) throw absent(source, key);
    const { format } = await readPicture(bytes, name);
    if (format !== "PNG") {
      throw new EmporiumError("FORMAT_UNSUPPORTED", `${name} is a ${format} file; expected PNG`, { place: { file: name } });
    }
    return (await png()).decodePng(bytes, name);
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = asEmporiumError(error);
    if (code.startsWith("STORE_") && code !== "STORE_ABSENT") throw error;
    warnings.push(`${message}; the picture is rendered from the tomogram`);
    return undefined;
  }
}

/** Compressing pictures takes longer than anything else of them, and the main thread has others to serve. */
const pool = threadPool<Drawing, Uint8Array[]>({
  entry: new URL("./picture-worker.js", import.meta.url),
  idleMax: 16,
  // the default is half of what drawing takes
  youngMiB: 8,
});

/** A thread that has drawn a larger section is not kept: what it used would stay in its heap, and count for nobody. */
const KEPT_PIXELS_MAX = 2 ** 18;

/** Draws pictures on a thread of their own. @returns PNG files in the order of the names. */
function drawOnThread(drawing: Drawing): Promise<Uint8Array[]> {
  return pool.run(drawing, { keep: drawing.section.grey.length <= KEPT_PIXELS_MAX });
}
