import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { formatBytes } from "../../../core/units.js";
import { type ReadRecord, readWebMetadata } from "../../../portals/web-metadata.js";
import { openLocation } from "../../../stores/url.js";
import { type ReadFileRecord, readFileMetadata } from "../records/file-metadata.js";
import { type Comparison, compare } from "./compare.js";
import type { CompareFormat } from "./print/comparison-as.js";

export interface CompareRequest {
  /** Locations of `file_metadata.json`, in the order of the rows. */
  readonly files: readonly string[];
  /** Locations of `web_metadata.json`. */
  readonly webs?: readonly string[] | undefined;
  readonly compat?: boolean | undefined;
  readonly anonymous?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compares documents of `inspect` and `describe`. If several records have one name, the later ones get a number.
 *
 * @throws {EmporiumError} STORE_ABSENT, CONFIG_LIMIT, CONFIG_SYNTAX, CONFIG_FIELD, with the document's name
 */
export async function compareDocuments({ files, webs = [], compat, anonymous, signal }: CompareRequest): Promise<Comparison> {
  const records: ReadFileRecord[] = [];
  const names = new Set<string>();
  for (const location of files) {
    const text = await textAt(location, anonymous, signal);
    for (const file of inDocument(location, () => readFileMetadata(text, location))) {
      records.push({ ...file, record: { ...file.record, name: freeName(file.record.name, names) } });
    }
  }
  const described: ReadRecord[] = [];
  for (const location of webs) {
    const text = await textAt(location, anonymous, signal);
    described.push(...inDocument(location, () => readWebMetadata(text, location)));
  }
  return compare(records, described, { compat });
}

const CONTENT_TYPES: Readonly<Record<CompareFormat, string>> = {
  table: "text/plain; charset=utf-8",
  markdown: "text/markdown; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  json: "application/json",
  html: "text/html; charset=utf-8",
};

/** Writes a form of the comparison to a file or object, whole or not at all. */
export async function writeComparison(location: string, text: string, format: CompareFormat, anonymous?: boolean): Promise<void> {
  const { store, key } = await openLocation(location, { anonymous });
  await store.write(key, new TextEncoder().encode(text), { contentType: CONTENT_TYPES[format] });
}

async function textAt(location: string, anonymous: boolean | undefined, signal: AbortSignal | undefined): Promise<string> {
  const { store, key } = await openLocation(location, { anonymous, readOnly: true });
  const stat = await store.stat(key);
  const place = { file: location };
  if (!stat)
    throw new EmporiumError("STORE_ABSENT", `${location} is not a file; expected a document of records`, {
      place,
      hint: "check the name",
    });
  if (stat.size > LIMITS.metadataBytes) {
    const message = `${location} has ${formatBytes(stat.size)}, at most ${formatBytes(LIMITS.metadataBytes)} are read`;
    throw new EmporiumError("CONFIG_LIMIT", message, { place });
  }
  const bytes = (await store.read(key, undefined, { signal })) ?? new Uint8Array(0);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new EmporiumError("CONFIG_SYNTAX", `${location} is not UTF-8 text; expected a JSON document`, { place, cause });
  }
}

/** Adds the document's name to an error about JSON. */
function inDocument<T>(location: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isEmporiumError(error) || error.facts.place?.file !== undefined) throw error;
    throw new EmporiumError(error.code, `${location}: ${error.message}`, {
      ...error.facts,
      place: { ...error.facts.place, file: location },
    });
  }
}

function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`;
  taken.add(free);
  return free;
}
