import { type Clock, systemClock } from "../../../core/clock.js";
import { asEmporiumError, type ErrorRecord, isEmporiumError, toErrorRecord } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { counted } from "../../../core/units.js";
import { portalClient } from "../../../portals/client.js";
import { describe as describeTarget, recognise, type WebRecord } from "../../../portals/registry.js";
import { webMetadata } from "../../../portals/web-metadata.js";
import { exitStatusOf } from "./exit-status.js";
import type { LookOptions } from "./look-options.js";
import { namedWord } from "./named-words.js";

export interface DescribeOptions extends LookOptions {
  /** The document as the reference program writes it. */
  compat?: boolean | undefined;
}

/** One record, with the name that it has in the document. */
export interface Described {
  name: string;
  record: WebRecord;
}

export interface DescribeReport {
  /** `web_metadata.json`: name → `{portal, source_url, retrieved_at, raw_metadata, download_links, requests, …}`. */
  document: JsonObject;
  records: Described[];
  errors: ErrorRecord[];
  exitStatus: number;
}

/**
 * Asks portals for all metadata of data sets, and for the links to the data.
 *
 * @param words addresses of portals' pages, accessions, direct links, each perhaps with a name (`NAME=URL`)
 * @returns the records; words that no portal knows (UNKNOWN_PORTAL) and those that fail are in `errors`
 * @throws {EmporiumError} CANCELLED
 */
export async function describe(words: readonly string[], options: DescribeOptions = {}): Promise<DescribeReport> {
  const clock: Clock = options.clock ?? systemClock;
  const { bases, compat = false, accesses, log, onProgress } = options;
  const wanted = words.map(namedWord);
  const client = portalClient({ clock, bases, log, random: options.random, signal: options.signal, resolve: options.resolve });
  const metadata = webMetadata({ compat });
  const records: Described[] = [];
  const errors: ErrorRecord[] = [];
  let failed = 0;
  try {
    for (const [at, { name, text }] of wanted.entries()) {
      onProgress?.({ done: at, total: wanted.length, at: text });
      try {
        for await (const record of describeTarget(recognise(text, bases), client, { compat, accesses, clock })) {
          records.push({ name: metadata.add(record, name), record });
          onProgress?.({ done: at, total: wanted.length, at: `${text}: ${counted(records.length, "record")}` });
        }
      } catch (error) {
        if (isEmporiumError(error) && error.code === "CANCELLED") throw error;
        failed++;
        errors.push(toErrorRecord(asEmporiumError(error)));
      }
    }
  } finally {
    await client.close();
  }
  const exitStatus = exitStatusOf({ failed, of: wanted.length, kept: records.length, errors });
  return { document: metadata.document(), records, errors, exitStatus };
}
