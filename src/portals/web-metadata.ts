import { EmporiumError } from "../core/errors.js";
import { type JsonObject, parseJson } from "../core/json.js";
import { jsonObject, jsonText } from "../core/json-fields.js";
import { listOf, objectFrom } from "./fields.js";
import { distinct } from "./links.js";
import type { WebRecord } from "./registry.js";

/**
 * Collects records into the document that `describe` writes: name → `{raw_metadata, download_links, …}`. For a name that exists
 * already the record's image, accession or run is appended, otherwise a number.
 */
export interface WebMetadata {
  /** @param name as the user chose it (`NAME=URL`); the record's own by default. */
  add(record: WebRecord, name?: string): string;
  document(): JsonObject;
}

/** @param compat the reference's form: no fields of ours, and EPFL's description in the place of its metadata. */
export function webMetadata({ compat }: { compat: boolean }): WebMetadata {
  const records = new Map<string, JsonObject>();
  return {
    add(record, wanted) {
      const name = freeName(wanted ?? record.key, record.suffix, records);
      records.set(name, compat ? referenceForm(record) : ownForm(record));
      return name;
    },
    document: () => objectFrom(records),
  };
}

function freeName(name: string, suffix: string | undefined, taken: ReadonlyMap<string, unknown>): string {
  if (!taken.has(name)) return name;
  const longer = suffix === undefined ? name : `${name}-${suffix}`;
  if (!taken.has(longer)) return longer;
  for (let n = 2; ; n++) if (!taken.has(`${longer}-${n}`)) return `${longer}-${n}`;
}

function ownForm({ key: _key, suffix: _suffix, extra, warnings, ...record }: WebRecord): JsonObject {
  const requests = record.requests.map((request) => ({ ...request }));
  return { ...record, ...extra, requests, ...(warnings.length > 0 ? { warnings } : {}) };
}

function referenceForm({ raw_metadata, download_links, extra }: WebRecord): JsonObject {
  const { dataset_description } = extra;
  return dataset_description === undefined ? { raw_metadata, download_links } : { dataset_description, download_links };
}

/** A record as any `web_metadata.json` has it, the reference's included. */
export interface ReadRecord {
  name: string;
  raw_metadata: JsonObject;
  download_links: string[];
  /** Undefined in the reference's documents. */
  portal: string | undefined;
  source_url: string | undefined;
  record: JsonObject;
}

/**
 * Reads our `web_metadata.json` or the reference program's: there EPFL has `dataset_description` in place of `raw_metadata`,
 * links have raw spaces and repeat, and a record may lack either part.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD
 */
export function readWebMetadata(text: string, file: string): ReadRecord[] {
  const document = jsonObject(parseJson(text.replace(/^\ufeff/, "")));
  if (!document) throw wrong(file, "", "expected an object of records");
  return Object.entries(document).map(([name, value]) => {
    const record = jsonObject(value);
    if (!record) throw wrong(file, name, "a record is an object");
    const links = listOf(record.download_links);
    if (links.some((link) => typeof link !== "string"))
      throw wrong(file, `${name}.download_links`, "expected a list of addresses");
    const { dataset_description: description } = record;
    const raw = jsonObject(record.raw_metadata) ?? (description === undefined ? {} : { dataset_description: description });
    return {
      name,
      raw_metadata: raw,
      download_links: distinct(links.map((link) => normalLink(link as string))),
      portal: jsonText(record.portal),
      source_url: jsonText(record.source_url),
      record,
    };
  });
}

/** Web addresses percent-encoded; buckets' and viewers' links as they are. */
export function normalLink(link: string): string {
  return /^(?:https?|ftp):/i.test(link) && URL.canParse(link) ? new URL(link).href : link;
}

function wrong(file: string, path: string, message: string): EmporiumError {
  return new EmporiumError("CONFIG_FIELD", `${file}: ${path === "" ? "" : `${path}: `}${message}`, {
    place: { file, path },
    hint: "give a file that `emporium harvest describe --out` wrote",
  });
}
