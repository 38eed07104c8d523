import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import type { PlainObject, Task, TaskInput } from "../../../engine/task.js";
import { datasetMetadataKey, photoFolder } from "../../../model/layout.js";
import { checkName } from "../../../model/names.js";
import { objectName, type Stat } from "../../../stores/store.js";
import { scalarText } from "../config/nodes.js";
import { addFailure, type Draft, leave, makeTask, rethrowCancelled, type Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import { depositionOf, isFolder, readMetadata } from "../identifiers.js";
import { COPY_OPERATION } from "../ops/copy.js";
import { PHOTO_OPERATION } from "../ops/photo.js";
import { PICTURE_HEAD_BYTES, type PictureType, pictureType } from "../picture-type.js";
import { findSection, isAsked, type PlanContext, type SectionItem } from "./context.js";
import { copyMemory, extensionOf } from "./copies.js";
import { firstPicture } from "./first-picture.js";

const NAMES = ["snapshot", "thumbnail"];
const PNG: PictureType = { extension: ".png", contentType: "image/png" };
const DOWNLOAD_BYTES = 64 * 2 ** 20;

/** A picture that a configuration or a tomogram offers. */
interface Picture {
  readonly from: "source" | "target" | "address";
  /** Key in the store, or the address. */
  readonly key: string;
  readonly shown: string;
  readonly stat: Stat;
  readonly type: PictureType;
  readonly extension: string;
  /** The task of this plan that makes it. */
  readonly maker?: string | undefined;
}

export interface PhotosScope {
  readonly kind: "dataset_keyphoto" | "deposition_keyphoto";
  readonly owner: Ancestor;
  readonly scope: Scope;
  /** Only referred to: nothing of it is written. */
  readonly atTarget: boolean;
  /** The deposition that is imported. */
  readonly depositionId: string;
  /** What the configuration says of the owner becomes its metadata, so the owner is this deposition's. */
  readonly described: boolean;
  /** Folders of the datasets whose tomograms' pictures stand in for what is not configured or cannot be had. */
  readonly datasets: readonly string[];
}

/**
 * Plans the key photos of a dataset or deposition: configured files, or the picture of the first tomogram that has one.
 *
 * @returns the tasks; their outputs are what the owner's metadata name.
 */
export async function planKeyPhotos(
  context: PlanContext,
  draft: Draft,
  photos: PhotosScope,
  where: Whereabouts,
): Promise<Task[]> {
  const { kind, owner, scope, atTarget } = photos;
  if (!context.selection.items(kind)) return [];
  const title = `key photos of ${owner.type} ${scalarText(owner.name)}`;
  if (atTarget) {
    draft.entities.push(leave(kind, title, `the ${owner.type} is only referred to`, where));
    return [];
  }
  const tasks: Task[] = [];
  try {
    const { items } = await findSection(context, kind, scope);
    const configured = new Map(items.filter((item) => !item.atTarget).map((item) => [scalarText(item.name), item]));
    const referred = new Set(items.filter((item) => item.atTarget).map(({ name }) => scalarText(name)));
    const names = kind === "dataset_keyphoto" ? [...new Set([...configured.keys(), ...NAMES])] : [...configured.keys()];
    const others = names.length > configured.size ? await foreignOwner(context, photos) : undefined;
    for (const name of names.filter((one) => !referred.has(one) && isAsked(context, kind, { name: one }))) {
      const own = `${name} of ${owner.type} ${scalarText(owner.name)}`;
      try {
        const item = configured.get(name);
        if (!item && others !== undefined) {
          draft.entities.push(leave(kind, own, `none is configured, and the dataset is of deposition ${others}`, where));
          continue;
        }
        checkName(name, "key photo", item?.place);
        const picture = await choosePicture(context, draft, name, item, photos, where);
        if (picture)
          tasks.push(
            addPhoto(context, draft, own, `${photoFolder(owner.folder)}/${name}${picture.extension}`, picture, photos, where),
          );
        else draft.entities.push(leave(kind, own, "none is configured, and no tomogram has one yet", where, item?.place));
      } catch (error) {
        addFailure(draft, error, own, kind, where, configured.get(name)?.place);
      }
    }
  } catch (error) {
    addFailure(draft, error, title, kind, where);
  }
  return tasks;
}

/** The deposition that a dataset of the target belongs to, if it is another than the one that is imported: it keeps the pictures that it has. */
async function foreignOwner(context: PlanContext, photos: PhotosScope): Promise<string | undefined> {
  const { owner: dataset, depositionId, described } = photos;
  if (context.compat || described || !(await isFolder(context.target, dataset.folder))) return undefined;
  const metadata = await readMetadata(context.target.store, datasetMetadataKey(scalarText(dataset.name)));
  const owner = metadata && depositionOf(metadata, depositionId);
  return owner === depositionId ? undefined : owner;
}

/** @throws {EmporiumError} what is wrong with the configured one, where no tomogram has one either */
async function choosePicture(
  context: PlanContext,
  draft: Draft,
  name: string,
  item: SectionItem | undefined,
  photos: PhotosScope,
  where: Whereabouts,
): Promise<Picture | undefined> {
  let problem: EmporiumError | undefined;
  if (item) {
    try {
      return await configuredPicture(context, item);
    } catch (error) {
      rethrowCancelled(error);
      problem = asEmporiumError(error);
    }
  }
  const other = await tomogramPicture(context, draft, name, photos);
  if (!problem) return other;
  if (!other) throw problem;
  draft.warnings.push({ message: `${problem.message}; the ${name} is ${other.shown}`, place: item?.place, ...where });
  return other;
}

async function configuredPicture(context: PlanContext, item: SectionItem): Promise<Picture> {
  const { store } = context.source;
  const location = item.location ?? item.key!;
  const isAddress = item.location !== undefined && /^[a-z][a-z0-9+.-]*:\/\//i.test(location);
  const inside = isAddress && location.startsWith(`${store.url}/`) ? location.slice(store.url.length + 1) : undefined;
  if (isAddress && inside === undefined) return addressPicture(context, location);
  const keys = item.location === undefined ? [item.key!] : inside === undefined ? keysOf(location) : [inside];
  for (const key of keys) {
    const stat = await store.stat(key, { signal: context.signal });
    if (!stat) continue;
    const head = await store.read(key, { offset: 0, length: PICTURE_HEAD_BYTES }, { signal: context.signal, ifMatch: stat.etag });
    const shown = objectName(store, key);
    const type = pictureType(head ?? new Uint8Array(0), shown);
    return { from: "source", key, shown, stat, type, extension: extensionOf(key) || type.extension };
  }
  // what else begins with the name of a bucket is looked for there, if buckets are what the sources are in
  const bucket = /^s3:\/\//.test(store.url) && item.location !== undefined ? `s3://${location}` : undefined;
  if (bucket !== undefined) return addressPicture(context, bucket);
  throw new EmporiumError("STORE_ABSENT", `${objectName(store, keys[0]!)} does not exist`, {
    place: item.place,
    hint: "name the picture by its address, or by its path below the input",
  });
}

/** A path as configurations have it, with the bucket's name in front: below the input with and without it. */
function keysOf(location: string): string[] {
  const parts = location.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0 || parts.includes("..")) {
    throw new EmporiumError("NAME_UNSAFE", `the path ${JSON.stringify(location)} is no file below the input`);
  }
  return [parts.join("/"), ...(parts.length > 1 ? [parts.slice(1).join("/")] : [])];
}

async function addressPicture({ open, signal }: PlanContext, location: string): Promise<Picture> {
  const { store, key } = await open(location);
  const shown = objectName(store, key);
  const stat = await store.stat(key, { signal });
  if (!stat) throw new EmporiumError("STORE_ABSENT", `${shown} does not exist`, { place: { url: shown } });
  const head = await store.read(key, { offset: 0, length: PICTURE_HEAD_BYTES }, { signal });
  const type = pictureType(head ?? new Uint8Array(0), shown);
  return { from: "address", key: location, shown, stat, type, extension: extensionOf(key) || type.extension };
}

/** The picture of the first tomogram that has one. */
async function tomogramPicture(
  context: PlanContext,
  draft: Draft,
  name: string,
  { datasets, depositionId }: PhotosScope,
): Promise<Picture | undefined> {
  const first = await firstPicture(context, draft, { name, datasets, depositionId });
  return first && { ...first, from: "target", shown: first.key, type: PNG, extension: PNG.extension };
}

function addPhoto(
  context: PlanContext,
  draft: Draft,
  title: string,
  key: string,
  picture: Picture,
  { kind }: PhotosScope,
  where: Whereabouts,
): Task {
  const { from, stat, shown, maker } = picture;
  const { contentType } = picture.type;
  const input: TaskInput = { key: picture.key, size: stat.size, etag: stat.etag, modifiedMs: stat.modifiedMs };
  const params: PlainObject = {
    kind,
    key,
    contentType,
    ...(from === "address" ? { url: picture.key } : { source: picture.key }),
    ...(from === "target" ? { from } : {}),
    ...(maker === undefined ? {} : { made: maker }),
    // only objects of the source are inputs: what else is read is known to the task by these
    ...(from === "source" || maker !== undefined
      ? {}
      : { size: stat.size, etag: stat.etag ?? null, modifiedMs: stat.modifiedMs ?? null }),
    ...(context.force ? { force: true } : {}),
  };
  const task = makeTask({
    title,
    run: from === "address" ? PHOTO_OPERATION : COPY_OPERATION,
    params,
    inputs: from === "source" ? [input] : [],
    outputs: [key],
    needs: maker === undefined ? [] : [maker],
    // a picture that is drawn again may have changed
    after: maker === undefined ? undefined : [maker],
    bytes: stat.size,
    memoryBytes: from === "address" ? DOWNLOAD_BYTES : copyMemory(stat.size),
    threads: 1,
  });
  draft.tasks.push(task);
  const reads = [shown];
  draft.entities.push({ kind, title, ...where, action: "write", reads, writes: [key], bytes: stat.size });
  return task;
}
