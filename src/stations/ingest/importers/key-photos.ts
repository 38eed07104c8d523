import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import type { PlainObject, Task, TaskInput } from "../../../engine/task.js";
import type { TypeKey } from "../../../model/kinds.js";
import { datasetMetadataKey, photoFolder } from "../../../model/layout.js";
import { checkName } from "../../../model/names.js";
import { objectName, type Stat } from "../../../stores/store.js";
import { scalarText } from "../config/nodes.js";
import { makeTask, rethrowCancelled } from "../draft.js";
import { depositionOf, isFolder, readMetadata } from "../identifiers.js";
import { COPY_OPERATION, PHOTO_OPERATION } from "../ops/names.js";
import { PICTURE_HEAD_BYTES, type PictureType, pictureType } from "../picture-type.js";
import type { PlanContext } from "./context.js";
import { copyMemory, extensionOf } from "./copies.js";
import { firstPicture } from "./first-picture.js";
import { addWritten, fail, failedOf, type ImportContext, type Importer, passOver, type Titled, warn } from "./importer.js";
import { findSection, isAsked, type SectionItem } from "./sections.js";

const NAMES = ["snapshot", "thumbnail"];
const PNG: PictureType = { extension: ".png", contentType: "image/png" };
const DOWNLOAD_BYTES = 64 * 2 ** 20;

/** Kinds that a picture of a tomogram is made from. */
const PICTURED: readonly TypeKey[] = ["voxel_spacing", "tomogram", "key_image"];

const NOWHERE = { ancestors: [], row: undefined, mapped: undefined };

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

/** The key photos of a dataset: those that are configured, and for the others the picture of the first tomogram that has one. */
export const datasetKeyPhoto = keyPhotos("dataset");
/** The key photos of a deposition: those that are configured. */
export const depositionKeyPhoto = keyPhotos("deposition");

/** Planned are the tasks: their outputs are what the owner's metadata name. */
function keyPhotos(per: "dataset" | "deposition"): Importer<readonly SectionItem[], readonly Task[]> {
  const kind = `${per}_keyphoto` as const;
  const title = ({ entity }: ImportContext) => `key photos of ${per} ${scalarText(entity.name)}`;
  return {
    kind,
    per,
    files: { emptyTold: "section" },
    needs: [],
    title,
    isWanted: ({ selection }) => selection.items(kind),
    find: async (context) => (context.item.atTarget ? [] : (await findSection(context, kind, context.scope)).items),
    async plan(context, items) {
      if (!context.item.atTarget) return planPhotos(context, kind, items);
      passOver(context, { kind, title: title(context) }, `the ${per} is only referred to`);
      return [];
    },
  };
}

type PhotoKind = "dataset_keyphoto" | "deposition_keyphoto";

async function planPhotos(context: ImportContext, kind: PhotoKind, items: readonly SectionItem[]): Promise<Task[]> {
  const { entity: owner } = context;
  const configured = new Map(items.filter((item) => !item.atTarget).map((item) => [scalarText(item.name), item]));
  const referred = new Set(items.filter((item) => item.atTarget).map(({ name }) => scalarText(name)));
  const names = kind === "dataset_keyphoto" ? [...new Set([...configured.keys(), ...NAMES])] : [...configured.keys()];
  const others = names.length > configured.size ? await foreignOwner(context) : undefined;
  const tasks: Task[] = [];
  for (const name of names.filter((one) => !referred.has(one) && isAsked(context, kind, { name: one }))) {
    const entity = { kind, title: `${name} of ${owner.type} ${scalarText(owner.name)}` };
    const item = configured.get(name);
    try {
      if (!item && others !== undefined) {
        passOver(context, entity, `none is configured, and the dataset is of deposition ${others}`);
        continue;
      }
      checkName(name, "key photo", item?.place);
      if (item) tellReplaced(context, entity.title, items, item);
      const picture = await choosePicture(context, kind, name, item);
      if (picture) tasks.push(addPhoto(context, entity, `${photoFolder(owner.folder)}/${name}${picture.extension}`, picture));
      else {
        const [first, ...others] = context.selection.items("key_image") ? failedOf(context, PICTURED) : [];
        if (first !== undefined) {
          const failed = `${first}${others.length > 0 ? ` and ${others.length} more` : ""} failed`;
          warn(
            context,
            `${entity.title} is not made: none is configured, and ${failed}; correct that and run again`,
            item?.place,
          );
        }
        passOver(context, entity, "none is configured, and no tomogram has one yet", item?.place);
      }
    } catch (error) {
      fail(context, error, entity, item?.place);
    }
  }
  return tasks;
}

/** There is one picture of a name: the last that is configured. */
function tellReplaced(context: ImportContext, title: string, items: readonly SectionItem[], last: SectionItem): void {
  const where = (item: SectionItem) => item.location ?? item.key!;
  for (const item of items) {
    if (item.atTarget || scalarText(item.name) !== scalarText(last.name) || where(item) === where(last)) continue;
    warn(context, `${where(item)} is not the ${title}: ${where(last)} comes after it under the same name`, item.place);
  }
}

/** The deposition of a dataset on the target, if it is not the imported one: the dataset then keeps its pictures. */
async function foreignOwner(context: ImportContext): Promise<string | undefined> {
  const { entity: dataset, depositionId, item } = context;
  // what the configuration says of the dataset becomes its metadata, so it is this deposition's
  if (context.compat || item.block.metadata || !(await isFolder(context.target, dataset.folder))) return undefined;
  const metadata = await readMetadata(context.target.store, datasetMetadataKey(scalarText(dataset.name)));
  const owner = metadata && depositionOf(metadata, depositionId);
  return owner === depositionId ? undefined : owner;
}

/** @throws {EmporiumError} the fault of the configured picture, where no tomogram has one either */
async function choosePicture(
  context: ImportContext,
  kind: PhotoKind,
  name: string,
  item: SectionItem | undefined,
): Promise<Picture | undefined> {
  let problem: EmporiumError | undefined;
  if (item) {
    try {
      return await configuredPicture(context, kind, item);
    } catch (error) {
      rethrowCancelled(error);
      problem = asEmporiumError(error);
    }
  }
  const other = await tomogramPicture(context, name);
  if (!problem) return other;
  if (!other) throw problem;
  warn(context, `${problem.message}; the ${name} is ${other.shown}`, item?.place, problem.code);
  return other;
}

async function configuredPicture(context: ImportContext, kind: PhotoKind, item: SectionItem): Promise<Picture> {
  const { store } = context.source;
  const location = item.location ?? item.key!;
  const isAddress = item.location !== undefined && /^[a-z][a-z0-9+.-]*:\/\//i.test(location);
  const inside = isAddress && location.startsWith(`${store.url}/`) ? location.slice(store.url.length + 1) : undefined;
  if (isAddress && inside === undefined) return addressPicture(context, location);
  const keys = item.location === undefined ? [item.key!] : inside === undefined ? keysOf(location) : [inside];
  for (const key of keys) {
    const stat = await store.stat(key, { signal: context.signal });
    if (!stat || context.arriving?.leaves("dataset_keyphoto", NOWHERE, { key, folder: false, stat })) continue;
    context.uses.refer(kind, context.scope, key);
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
    throw new EmporiumError("NAME_UNSAFE", `the path ${JSON.stringify(location)} is not a file below the input`);
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
async function tomogramPicture(context: ImportContext, name: string): Promise<Picture | undefined> {
  const first = await firstPicture(context, name);
  return first && { ...first, from: "target", shown: first.key, type: PNG, extension: PNG.extension };
}

function addPhoto(context: ImportContext, { kind, title }: Titled, key: string, picture: Picture): Task {
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
  context.draft.tasks.push(task);
  addWritten(context, { kind, title }, { reads: [shown], writes: [key], bytes: stat.size });
  return task;
}
