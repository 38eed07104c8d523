import { type Clock, systemClock } from "../../../core/clock.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, isEmporiumError, toErrorRecord } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { type Peek, peekFolder } from "../../../formats/peek/peek.js";
import { foldersInWords, isVolume, titlesOf } from "../../../formats/registry.js";
import { makePaces, type Paces } from "../../../net/pace.js";
import { portalClient } from "../../../portals/client.js";
import { describe as describeTarget, type Recognised, recognise, type WebRecord } from "../../../portals/registry.js";
import { unusable } from "../../../stores/keys.js";
import { forEachLimited } from "../../../system/parallel.js";
import { exitStatusOf } from "./exit-status.js";
import type { Tree, TreeImage } from "./image-tree.js";
import type { LookOptions } from "./look-options.js";
import { isHere, namedWord, nameGiver, nameOfLocation } from "./named-words.js";
import { peekObject } from "./object-source.js";
import { type OpenOptions, openSource } from "./open-source.js";
import { type LocatedRecord, located } from "./record.js";

export interface PeekOptions extends LookOptions {
  /** Follow every page of a TIFF, look at every slice of a stack. */
  exact?: boolean | undefined;
  /** Sign no request to a bucket. */
  anonymous?: boolean | undefined;
  /** Redirections of addresses that the user typed may lead to private networks and any port. */
  allowPrivate?: boolean | undefined;
}

/** A record, and the requests and bytes that it took. */
export interface PeekedRecord extends LocatedRecord {
  requests: number;
  bytes_fetched: number;
}

export interface PeekReport {
  records: PeekedRecord[];
  errors: ErrorRecord[];
  exitStatus: number;
}

/**
 * Reads images' headers: shape, type, voxel size and more, by few requests of some kilobytes.
 *
 * @param words paths and addresses of files, volumes and folders, viewers' links and portals' pages, each perhaps as
 *   `NAME=LOCATION`. A folder gives a record for every image below it, a page for all its links.
 * @returns the records; words that fail are in `errors`
 * @throws {EmporiumError} CANCELLED
 */
export async function peek(words: readonly string[], options: PeekOptions = {}): Promise<PeekReport> {
  const give = nameGiver();
  const records: PeekedRecord[] = [];
  const { errors, failed, items } = await look(words, options, async ({ found, peeked, name }) => {
    for (const facts of peeked.images) {
      const several = peeked.images.length > 1;
      const wanted = several ? nameOfLocation(facts.name) : (name ?? nameOfLocation(found.location));
      records.push({ ...located(facts, give(wanted), found.location), requests: peeked.requests, bytes_fetched: peeked.bytes });
    }
  });
  return { records, errors, exitStatus: exitStatusOf({ failed, of: items, kept: records.length, errors }) };
}

/** A location that may hold images: a word, or a portal's link. */
export interface Found {
  /** In the form that a user would type. */
  location: string;
  /** Below the given folder; undefined for the given location itself. */
  path?: string | undefined;
  /** The portal's record, if its page was given. */
  web?: { key: string; record: WebRecord } | undefined;
}

export interface Looked {
  found: Found;
  peeked: Peek;
  /** The word's own name, or its record's key on the portal, if it leads to one image. */
  name: string | undefined;
}

/** Images that are read in parallel, within the hosts' rate limits. */
const AT_ONCE = 4;

/**
 * Peeks at everything that words lead to, and passes on the results in order. Failures do not affect other items.
 *
 * @param takeTree may process the images of a folder itself
 */
export async function look(
  words: readonly string[],
  options: PeekOptions,
  take: (looked: Looked) => Promise<void> | void,
  takeTree?: (tree: {
    location: string;
    name: string | undefined;
    web: Found["web"];
    images: TreeImage[];
    peekImage: PeekImage;
  }) => Promise<boolean>,
): Promise<{ errors: ErrorRecord[]; failed: number; items: number }> {
  const clock: Clock = options.clock ?? systemClock;
  const client = portalClient({
    clock,
    bases: options.bases,
    log: options.log,
    random: options.random,
    signal: options.signal,
    resolve: options.resolve,
  });
  const pace = makePaces({ clock });
  const errors: ErrorRecord[] = [];
  let failed = 0;
  let items = 0;
  const alone = async (location: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (options.signal?.aborted || (isEmporiumError(error) && error.code === "CANCELLED")) throw error;
      failed++;
      errors.push(placed(toErrorRecord(asEmporiumError(error)), location));
    }
  };
  const lookAt = async (found: Found, name: string | undefined, portal: string | undefined): Promise<void> => {
    items++;
    options.onProgress?.({ done: items - 1, total: words.length, at: found.location });
    await alone(found.location, async () => {
      const source = await openSource(found.location, openOptions(options, { clock, pace, portal }));
      if (source.kind !== "tree") {
        const { exact, signal } = options;
        const peeked =
          source.kind === "file"
            ? await peekObject(source.file, { exact, signal })
            : await peekFolder(source.folder, { format: source.format, signal });
        await take({ found, name, peeked: { ...peeked, requests: peeked.requests + source.asides() } });
        return;
      }
      const images: TreeImage[] = [];
      for await (const image of source.tree.images()) images.push(image);
      tellLeftOut(source.tree, found.location, options);
      for (const name of source.tree.unusable()) {
        items++;
        await alone(found.location, async () => {
          throw unusable(name);
        });
      }
      if (images.length === 0) throw noImages(found.location);
      const peekImage: PeekImage = (image) => peekTreeImage(image, options);
      if (await takeTree?.({ location: found.location, name, web: found.web, images, peekImage })) return;
      items += images.length - 1;
      const results = await lookAtAll(images, peekImage, (done, at) => options.onProgress?.({ done, total: images.length, at }));
      for (const [at, image] of images.entries()) {
        await alone(image.location, async () => {
          const peeked = await results[at]!;
          const own = images.length === 1 ? name : undefined;
          await take({ found: { ...found, location: image.location, path: image.path }, name: own, peeked });
        });
      }
    });
  };
  try {
    for (const word of words) {
      const { name, text } = namedWord(word);
      const page = pageOf(text, options);
      if (!page) {
        await lookAt({ location: text }, name, undefined);
        continue;
      }
      await alone(text, async () => {
        const records: WebRecord[] = [];
        for await (const record of describeTarget(page, client, { compat: false, accesses: options.accesses, clock }))
          records.push(record);
        for (const record of records) {
          if (record.download_links.length === 0) throw noLinks(record, text);
          for (const warning of record.warnings) options.log?.warn(`${record.key}: ${warning}`);
          const key = name ?? record.key;
          const one = records.length === 1 && record.download_links.length === 1;
          for (const link of record.download_links)
            await lookAt({ location: link, web: { key, record } }, one ? key : undefined, record.portal);
        }
      });
    }
  } finally {
    await client.close();
  }
  return { errors, failed, items: Math.max(items, words.length) };
}

function tellLeftOut(tree: Tree, location: string, { log }: PeekOptions): void {
  const others = tree.others();
  const files = counted(others, "file is", "files are");
  if (others > 0) log?.info(`${location}: ${files} not looked at, since the name is not that of an image`);
  const links = tree.unfollowed();
  if (links !== undefined) log?.info(links);
}

export type PeekImage = (image: TreeImage) => Promise<Peek>;

/** Peeks at several images of a folder in parallel. A failure is a rejected promise in the image's place. */
export async function lookAtAll(
  images: readonly TreeImage[],
  peekImage: PeekImage,
  tell: (done: number, at: string) => void,
): Promise<Promise<Peek>[]> {
  const results: Promise<Peek>[] = [];
  let done = 0;
  await forEachLimited(images.entries(), AT_ONCE, async ([at, image]) => {
    tell(done, image.location);
    const result = peekImage(image);
    result.catch(() => {}); // the caller that takes it gets the error
    results[at] = result;
    await result.catch((error: unknown) => {
      if (isEmporiumError(error) && error.code === "CANCELLED") throw error;
    });
    done++;
  });
  return results;
}

async function peekTreeImage(image: TreeImage, { exact, signal }: PeekOptions): Promise<Peek> {
  if (image.kind === "volume") return peekFolder(image.folder, { signal });
  const peeked = await peekObject(image.file, { exact, signal });
  return { ...peeked, requests: peeked.requests + image.file.asides };
}

/** The portal's page or viewer's link that leads to data; undefined for a location itself. */
function pageOf(text: string, { bases }: PeekOptions): Recognised | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text.trim())?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") return undefined;
  if (scheme === undefined && isHere(text)) return undefined;
  try {
    const found = recognise(text, bases);
    return found.portal.name === "direct" ? undefined : found;
  } catch (error) {
    if (isEmporiumError(error) && error.code === "UNKNOWN_PORTAL") return undefined; // a path
    throw error;
  }
}

function openOptions(options: PeekOptions, more: { clock: Clock; pace: Paces; portal: string | undefined }): OpenOptions {
  const { bases, anonymous, allowPrivate, random, signal, resolve } = options;
  return { bases, anonymous, allowPrivate, random, signal, resolve, ...more };
}

/** Adds the location to an error: as `url` if it is remote, else as `file`. */
export function placed(record: ErrorRecord, location: string): ErrorRecord {
  if (record.url !== undefined) return record;
  const { file = location, ...rest } = record;
  return /^[a-z0-9+.-]+:\/\/|\|/i.test(file) && !/^file:/i.test(file) ? { ...rest, url: file } : { ...rest, file };
}

function noImages(location: string): EmporiumError {
  return new EmporiumError(
    "STORE_ABSENT",
    `${location}: no image below this folder: ${titlesOf(isVolume, ["a folder of " + foldersInWords()])}`,
    {
      place: { file: location },
      hint: "name the file or folder of the image itself",
    },
  );
}

function noLinks(record: WebRecord, text: string): EmporiumError {
  return new EmporiumError("NOT_FOUND", `${record.portal} links to no data for ${text}`, {
    place: { url: record.source_url },
    hint: record.warnings[0] ?? "see emporium harvest describe",
  });
}
