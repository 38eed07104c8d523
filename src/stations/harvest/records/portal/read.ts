import { textOf } from "../../../../portals/fields.js";
import type { ReadRecord } from "../../../../portals/web-metadata.js";
import { bioimageReader } from "./bioimage-archive.js";
import { cryoetReader } from "./cryoet.js";
import { empiarReader } from "./empiar.js";
import type { FactsReader, PortalFacts } from "./facts.js";
import { idrReader } from "./idr.js";
import { neuroglancerReader } from "./neuroglancer.js";
import { openorganelleReader } from "./openorganelle.js";

/** In the order in which they are asked whether metadata are theirs. */
const READERS: readonly FactsReader[] = [
  idrReader,
  empiarReader,
  openorganelleReader,
  cryoetReader,
  bioimageReader,
  neuroglancerReader,
];

/**
 * The facts of a web record that concern one image. Whose record it is, its metadata tell: the reference program's documents name no
 * portal. Of a portal without a reader here, and of EPFL, the description alone is taken.
 *
 * @param location of the image, by which an entry with several sets or volumes is asked for the right one.
 */
export function portalFacts(
  { raw_metadata: raw, record }: Pick<ReadRecord, "raw_metadata" | "record">,
  location = "",
): PortalFacts {
  for (const { entryOf, read } of READERS) {
    const entry = entryOf(raw);
    if (entry) return read(entry, location);
  }
  const description = textOf(raw.dataset_description) ?? textOf(record.dataset_description);
  return description === undefined ? {} : { text: description };
}
