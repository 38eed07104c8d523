import type { ErrorRecord } from "../../../core/errors.js";
import type { Peek } from "../../../formats/peek/peek.js";
import type { WebRecord } from "../../../portals/registry.js";
import type { ReadRecord } from "../../../portals/web-metadata.js";
import { assemble } from "./assemble.js";
import { exitStatusOf } from "./exit-status.js";
import { fillFromWeb } from "./fill.js";
import type { TreeImage } from "./image-tree.js";
import { nameGiver, nameOfLocation } from "./named-words.js";
import { type Found, look, type PeekImage, type PeekOptions } from "./peek.js";
import { type LocatedRecord, located } from "./record.js";
import { guessWarning, type WebMatch, webRecordOf } from "./web-match.js";

export interface InspectOptions extends PeekOptions {
  /** Portals' records that fill gaps of the files' own (`web_metadata.json`). */
  web?: readonly ReadRecord[] | undefined;
}

export interface InspectReport {
  records: LocatedRecord[];
  errors: ErrorRecord[];
  exitStatus: number;
}

/**
 * The normalised record of every image: facts of its file and of its portal. Numbered slices of a folder are one volume.
 *
 * @param words as of `peek`. A portal's page is also read for its facts.
 * @returns the records; words that fail are in `errors`
 * @throws {EmporiumError} CANCELLED
 */
export async function inspect(words: readonly string[], options: InspectOptions = {}): Promise<InspectReport> {
  const give = nameGiver();
  const records: LocatedRecord[] = [];
  const moreErrors: ErrorRecord[] = [];
  const { web = [] } = options;

  const keep = (record: LocatedRecord, name: string | undefined, found: Pick<Found, "web">): void => {
    const own: WebMatch | undefined = found.web
      ? readRecordOf(found.web.key, found.web.record)
      : webRecordOf(web, { name, location: record.location });
    const named = { ...record, name: give(name ?? own?.soleName ?? record.name) };
    const filled = own ? fillFromWeb(named, own.record) : named;
    if (own) filled.warnings.push(...guessWarning(own));
    records.push(filled);
  };

  const takeAll = (peeked: Peek, location: string, name: string | undefined, found: Pick<Found, "web">): void => {
    for (const facts of peeked.images) {
      const several = peeked.images.length > 1;
      const record = located(facts, nameOfLocation(several ? facts.name : location), several ? facts.name : location);
      keep(record, several && name !== undefined ? `${name}${/#\d+$/.exec(facts.name)?.[0] ?? ""}` : name, found);
    }
  };

  async function takeTree(tree: {
    location: string;
    name: string | undefined;
    web: Found["web"];
    images: TreeImage[];
    peekImage: PeekImage;
  }): Promise<boolean> {
    const parts = await assemble(tree.images, tree.peekImage, options);
    moreErrors.push(...parts.flatMap((part) => ("error" in part ? [part.error] : [])));
    const good = parts.filter((part) => "record" in part || "peeked" in part);
    for (const part of good) {
      // a folder that is one image has the given name, or the portal's
      const name =
        good.length === 1 ? (tree.name ?? tree.web?.key) : tree.web && `${tree.web.key}-${nameOfLocation(part.location)}`;
      if ("record" in part) keep(part.record, name, tree);
      else takeAll(part.peeked, part.location, name, tree);
    }
    return true;
  }

  const { errors, failed, items } = await look(
    words,
    options,
    ({ found, peeked, name }) => takeAll(peeked, found.location, name, found),
    takeTree,
  );
  const all = [...errors, ...moreErrors];
  const exitStatus = exitStatusOf({
    failed: failed + moreErrors.length,
    of: items + moreErrors.length,
    kept: records.length,
    errors: all,
  });
  return { records, errors: all, exitStatus };
}

/** A portal's reply in the form of `web_metadata.json`. */
function readRecordOf(key: string, record: WebRecord): WebMatch {
  const { raw_metadata, download_links, portal, source_url, extra } = record;
  return { record: { name: key, raw_metadata, download_links, portal, source_url, record: extra }, soleName: undefined };
}
