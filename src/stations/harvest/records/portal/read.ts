import { textOf } from "../../../../portals/fields.js";
import type { ReadRecord } from "../../../../portals/web-metadata.js";
import { bioimageReader } from "./bioimage-archive.js";
import { cryoetReader } from "./cryoet.js";
import { empiarReader } from "./empiar.js";
import type { FactsReader, PortalFacts } from "./facts.js";
import { idrReader } from "./idr.js";
import { neuroglancerReader } from "./neuroglancer.js";
import { openorganelleReader } from "./openorganelle.js";

/** The first reader that recognises the metadata is used. */
const READERS: readonly FactsReader[] = [
  idrReader,
  empiarReader,
  openorganelleReader,
  cryoetReader,
  bioimageReader,
  neuroglancerReader,
];

/**
 * The facts of a web record about one image. The portal is recognised by the metadata, because the reference program's documents
 * do not name it. Of EPFL, and of portals without a reader, only the description is used.
 *
 * @param location of the image, for entries with several sets or volumes
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
