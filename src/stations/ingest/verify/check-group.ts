import { crc32 } from "node:zlib";
import { combineCrc32, crcText } from "../../../core/crc32.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, parseJson } from "../../../core/json.js";
import { isJsonObject, jsonObject } from "../../../core/json-fields.js";
import { LIMITS } from "../../../core/limits.js";
import { counted } from "../../../core/units.js";
import { contentLine } from "../../../engine/folder-contents.js";
import { compareKeys } from "../../../stores/keys.js";
import type { Entry, Store } from "../../../stores/store.js";
import { linkedInside } from "../../../stores/wrap/linked-inside.js";
import { forEachLimited } from "../../../system/parallel.js";
import { documentKey } from "./array-place.js";
import { type ChunkScene, checkChunks } from "./check-chunks.js";
import { checkTwins } from "./check-twins.js";
import type { CheckContext, Named, NamedObjects, Tally } from "./context.js";
import type { Findings } from "./findings.js";
import { groupOf, objectsOf } from "./groups.js";
import { type Documents, type Hierarchy, openHierarchy } from "./hierarchy.js";
import { faultOf } from "./kinds.js";
import { PROOF_NAME, type ProofLine } from "./proof.js";
import type { GroupRecords, Records } from "./records.js";
import { type Reference, referencesOf } from "./references.js";
import type { Workers } from "./threads.js";
import { orUnreadable } from "./unreadable.js";

/** Checks one group of a tree. @returns a proof's lines, in the order of keys. */
export async function checkGroup(group: string, context: CheckContext): Promise<ProofLine[]> {
  const { store, findings, tally, signal } = context;
  const objects = await objectsOf(store, group, signal);
  for (const key of objects.keys()) if (key.endsWith(`/${PROOF_NAME}`) || key === PROOF_NAME) objects.delete(key);
  const outside = leavingLinks(store, objects);
  for (const key of outside.keys()) objects.delete(key);
  const records = await context.records.of(group);
  const found = new Map<string, ProofLine>();
  const named = new Map<string, Named>();

  for (const { size } of objects.values()) {
    tally.objects++;
    tally.bytes += size;
  }
  const judge = (line: ProofLine) => {
    found.set(line.key, line);
    tally.objectsRead++;
    tally.bytesRead += line.size;
    context.onBytes(line.size);
    judgeSum(line, records, findings, tally);
  };

  // 1 documents: small, always read, and what they name tells what must be there
  const documents = await readDocuments(objects, context, judge);
  const references = [...documents.parsed].flatMap(([key, document]) =>
    referencesOf(key, document).map((reference) => ({ ...reference, by: key, key: actualKey(reference.key, context.records) })),
  );
  for (const reference of references) {
    if (outside.has(reference.key)) named.set(reference.key, reference);
    else await checkReference(reference, objects, named, records, context);
  }
  for (const key of records.objects.keys()) {
    if (!objects.has(key) && !outside.has(key)) findings.add("lost", key, "written, but missing");
  }

  // 2 volumes: their chunks are checked where they are promised, also those that nobody listed
  const hierarchies: [Hierarchy, ChunkScene][] = [];
  const folders = new Set(references.filter(({ zarr }) => zarr).map(({ key }) => `${key}/`));
  // one that another group has, as a run that names another's, is checked there
  for (const folder of folders) if (groupOf(folder) !== group || outside.has(folder.slice(0, -1))) folders.delete(folder);
  for (const [key, document] of documents.parsed) {
    if (isImage(key, document)) folders.add(key.slice(0, key.lastIndexOf("/") + 1));
  }
  for (const folder of [...folders].sort(compareKeys)) {
    const hierarchy = openHierarchy(folder, documents.access, findings);
    if (!hierarchy) continue;
    for (const key of hierarchy.documents) named.set(key, { by: folder, promised: false });
    const scene = { objects, found, named, records, judge, context: withLevels(context, hierarchy, records) };
    await checkChunks(hierarchy, scene);
    if (scene.context.levels === "all") hierarchies.push([hierarchy, scene]);
  }

  // 3 all the rest
  const others = [...objects.values()].filter(({ key }) => !found.has(key) && context.isAsked(key));
  await forEachLimited(others, 2 * context.threads, (object) => checkOther(object, { named, records, judge, context }));
  for (const { key, size } of objects.values()) if (!found.has(key) && !context.isAsked(key)) context.onBytes(size);
  // 4 volumes in two formats: what was found wrong by itself is not compared
  for (const [hierarchy, scene] of hierarchies) await checkTwins(hierarchy, scene);
  judgeFolders(records, objects, found, findings, tally);
  judgeUnrecorded({ objects, named, records, found }, findings, tally);
  for (const [key, why] of outside) {
    if (named.has(key) || records.objects.has(key)) findings.add("unreadable", key, why);
    else findings.add("extra", key, `named by nothing, and not followed: ${why}`);
  }
  return [...found.values()].sort((a, b) => compareKeys(a.key, b.key));
}

/** An object that is neither a document nor a chunk: its bytes, and whether a reader opens it. */
async function checkOther(
  { key, size }: Pick<Entry, "key" | "size">,
  { named, records, judge, context }: Pick<ChunkScene, "named" | "records" | "judge" | "context">,
): Promise<void> {
  const { store, findings, workers, signal } = context;
  signal.throwIfAborted();
  const sums = { lines: key.endsWith(".ndjson"), sha256: context.sha256, workers };
  const line = await orUnreadable(key, context, () => sumObject(key, size, sums));
  if (line === "unreadable") return;
  if (!line) {
    findings.add("lost", key, "removed while it was being checked");
    return;
  }
  judge(line);
  const fault =
    line.fault ?? (await faultOf(store, key, { isOurs: named.get(key)?.mrc, isProven: isProven(line, records), signal }));
  if (fault !== undefined) findings.add("undecodable", key, fault);
}

/** If no record proves the bytes of a volume, its levels and MRC file are compared completely, unless the user asked for less. */
function withLevels(context: CheckContext, { levels }: Hierarchy, records: GroupRecords): CheckContext {
  const isRecorded = levels.every((level) => level === undefined || records.objects.has(documentKey(level.place)));
  return context.levelsGiven || isRecorded ? context : { ...context, levels: "all" };
}

/** Documents that ingest makes: the portal's, Zarr's, Neuroglancer's. A laboratory's own files may have any name. */
const DOCUMENT =
  /(_metadata\.json|\/\.z(attrs|group|array|metadata)|\/zarr\.json|\/Annotations\/.*\.json|\/IdentifiedObjects\/.*\.json|\/NeuroglancerPrecompute\/(.*\.json|.*\/info))$/;

function isDocument({ key, size }: Entry): boolean {
  return size <= LIMITS.metadataBytes && DOCUMENT.test(key);
}

/** Attributes of an OME-Zarr image: 0.4 in `.zattrs`, 0.5 in `zarr.json`. */
function isImage(key: string, document: JsonObject): boolean {
  if (key.endsWith("/.zattrs")) return Object.hasOwn(document, "multiscales");
  const attributes = key.endsWith("/zarr.json") ? document.attributes : undefined;
  return isJsonObject(attributes) && isJsonObject(attributes.ome) && Object.hasOwn(attributes.ome, "multiscales");
}

async function readDocuments(objects: ReadonlyMap<string, Entry>, context: CheckContext, judge: (line: ProofLine) => void) {
  const { store, findings, workers, signal } = context;
  const raw = new Map<string, Uint8Array>();
  const parsed = new Map<string, JsonObject>();
  await forEachLimited([...objects.values()].filter(isDocument), 8, async ({ key }) => {
    const bytes = await orUnreadable(key, context, () => store.read(key, undefined, { signal }));
    if (bytes === "unreadable") return;
    if (!bytes) return findings.add("lost", key, "removed while it was being checked");
    const sum = context.sha256
      ? await workers.run({ kind: "sum", key, offset: 0, length: bytes.length, sha256: true, lines: false })
      : {};
    judge({ key, size: bytes.length, crc32: crcText(crc32(bytes)), ...(sum.sha256 === undefined ? {} : { sha256: sum.sha256 }) });
    try {
      const document = parseDocument(bytes, key);
      // what a changed document says is not believed
      if (findings.isWrong(key)) return;
      raw.set(key, bytes);
      if (document) parsed.set(key, document);
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      findings.add("undecodable", key, error.message);
    }
  });
  const access: Documents = {
    bytes: (key) => raw.get(key),
    json: (key) => parsed.get(key),
    has: (key) => objects.has(key),
  };
  return { parsed, access };
}

/** Tables of identified objects are lists, a caption may be anything: they name nothing. */
function parseDocument(bytes: Uint8Array, key: string): JsonObject | undefined {
  let value: Json;
  try {
    value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const why = isEmporiumError(cause) ? cause.message : "the text is not UTF-8";
    throw new EmporiumError("FORMAT_CORRUPT", why, { place: { file: key }, cause });
  }
  return jsonObject(value);
}

/** Actual key of an object that metadata name: a copy of a dataset under another name still refers to itself by the old one. */
function actualKey(key: string, { names }: Records): string {
  for (const [actual, name] of names) if (key.startsWith(name)) return actual + key.slice(name.length);
  return key;
}

async function checkReference(
  reference: Reference & { by: string },
  objects: ReadonlyMap<string, Entry>,
  named: NamedObjects,
  records: GroupRecords,
  { store, findings, signal }: CheckContext,
): Promise<void> {
  const { key, by, field, zarr, promised, mrc } = reference;
  if (!zarr) named.set(key, { by, promised, mrc });
  const isThere = zarr
    ? objects.has(`${key}/.zattrs`) || (await anyBelow(store, `${key}/`, signal))
    : objects.has(key) || (await has(store, key, signal));
  if (isThere) return;
  if (promised && !records.objects.has(key)) findings.add("unmade", key, `named by ${by} as ${field}, but never written`);
  else findings.add("lost", zarr ? `${key}/` : key, `named by ${by} as ${field}, but missing`);
}

/** Above this an entry of a listing is no link that leaves: its size there is the length of the path that it holds. */
const LINK_BYTES_MAX = 4096;

/** Links of this machine that leave the tree, which a listing shows as objects, and why each is refused. */
function leavingLinks(store: Store, objects: ReadonlyMap<string, Entry>): Map<string, string> {
  const outside = new Map<string, string>();
  const { local } = linkedInside(store);
  for (const { key, size } of local ? objects.values() : []) {
    if (size > LINK_BYTES_MAX) continue;
    try {
      local!.path(key);
    } catch (error) {
      if (!isEmporiumError(error) || error.code !== "STORE_DENIED") throw error;
      outside.set(key, error.message);
    }
  }
  return outside;
}

async function has(store: Store, key: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await store.stat(key, { signal })) !== undefined;
  } catch (error) {
    if (isEmporiumError(error) && error.code === "NAME_UNSAFE") return false;
    throw error;
  }
}

async function anyBelow(store: Store, folder: string, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const _ of store.list(folder, { signal })) return true;
  } catch (error) {
    if (!isEmporiumError(error) || error.code !== "NAME_UNSAFE") throw error;
  }
  return false;
}

/** Above this an object is summed in pieces side by side. */
const PIECE_BYTES = 64 * 1024 * 1024;

/** Size and checksum of an object; undefined when it is gone. */
async function sumObject(
  key: string,
  size: number,
  { lines, sha256, workers }: { lines: boolean; sha256: boolean; workers: Workers },
): Promise<(ProofLine & { fault?: string | undefined }) | undefined> {
  if (lines || sha256 || size <= PIECE_BYTES) {
    const sum = await workers.run({ kind: "sum", key, offset: 0, length: size, sha256, lines });
    if (sum.size === undefined) return undefined;
    return { key, size: sum.size, crc32: crcText(sum.crc32!), ...(sha256 ? { sha256: sum.sha256! } : {}), fault: sum.fault };
  }
  const offsets = Array.from({ length: Math.ceil(size / PIECE_BYTES) }, (_, i) => i * PIECE_BYTES);
  const pieces: { size: number; crc32: number }[] = new Array(offsets.length);
  let gone = false;
  await forEachLimited(offsets.entries(), 4, async ([i, offset]) => {
    const length = Math.min(PIECE_BYTES, size - offset);
    const sum = await workers.run({ kind: "sum", key, offset, length, sha256: false, lines: false });
    if (sum.size === undefined) gone = true;
    else pieces[i] = { size: sum.size, crc32: sum.crc32! };
  });
  if (gone) return undefined;
  const whole = pieces.reduce((sum, piece) => ({
    size: sum.size + piece.size,
    crc32: combineCrc32(sum.crc32, piece.crc32, piece.size),
  }));
  return { key, size: whole.size, crc32: crcText(whole.crc32) };
}

function isProven({ key, size, crc32: sum, sha256 }: ProofLine, { objects }: GroupRecords): boolean {
  return (objects.get(key) ?? []).some(
    (known) =>
      known.size === size &&
      known.crc32 === sum &&
      (known.sha256 === undefined || sha256 === undefined || known.sha256 === sha256),
  );
}

function judgeSum(line: ProofLine, records: GroupRecords, findings: Findings, tally: Tally): void {
  const known = records.objects.get(line.key);
  if (!known) return;
  if (isProven(line, records)) {
    tally.objectsProven++;
    tally.bytesProven += line.size;
    return;
  }
  const wanted = known[0]!;
  const expected = `${counted(wanted.size, "byte")} with CRC-32 ${wanted.crc32} were written`;
  findings.add(
    "changed",
    line.key,
    `${expected}, ${counted(line.size, "byte")} with CRC-32 ${line.crc32} found${holds(line, records)}`,
  );
}

/** An object that has been put into another's place. */
function holds({ key, size, crc32: sum }: ProofLine, { whose }: GroupRecords): string {
  const other = size === 0 ? undefined : whose(size, sum).find((name) => name !== key);
  return other === undefined ? "" : `: these are the bytes of ${other}`;
}

/** Folders of which only one checksum is known: it is that of a list of their objects. */
function judgeFolders(
  { folders }: GroupRecords,
  objects: ReadonlyMap<string, Entry>,
  found: ReadonlyMap<string, ProofLine>,
  findings: Findings,
  tally: Tally,
): void {
  for (const [folder, receipts] of folders) {
    const present = [...objects.keys()].filter((key) => key.startsWith(folder)).sort(compareKeys);
    if (present.length === 0) {
      findings.add("lost", folder, "written, but completely missing");
      continue;
    }
    const lines = present.map((key) => found.get(key));
    const whole = lines.filter((line) => line !== undefined);
    if (whole.length < lines.length) continue; // some were not asked for
    const sum = crcText(whole.reduce((crc, line) => crc32(contentLine(folder, line), crc), 0));
    const bytes = whole.reduce((total, { size }) => total + size, 0);
    if (receipts.some((receipt) => receipt.crc32 === sum && receipt.size === bytes)) {
      tally.objectsProven += whole.length;
      tally.bytesProven += bytes;
      continue;
    }
    const wanted = receipts[0]!;
    findings.add(
      "changed",
      folder,
      `${counted(wanted.size, "byte")} with CRC-32 ${wanted.crc32} over its list were written, ${bytes} with ${sum} found; the record does not tell which of its ${counted(whole.length, "object differs", "objects differ")}`,
    );
  }
}

/** Objects that a record of their group does not have; without a record those that nothing names. */
function judgeUnrecorded(
  scene: {
    objects: ReadonlyMap<string, Entry>;
    named: NamedObjects;
    records: GroupRecords;
    found: ReadonlyMap<string, ProofLine>;
  },
  findings: Findings,
  tally: Tally,
): void {
  const { objects, named, records, found } = scene;
  const folders = [...records.folders.keys()];
  for (const [key, object] of objects) {
    if (records.objects.has(key) || folders.some((folder) => key.startsWith(folder))) continue;
    const by = named.get(key)?.by;
    if (!records.any) {
      if (by === undefined && !isDocument(object) && !UNNAMED.test(key)) findings.add("extra", key, "named by nothing");
    } else if (by !== undefined) findings.add("unrecorded", key, `named by ${by}, but no record has its checksum`);
    else {
      findings.add("extra", key, "named by nothing, and in no record");
      if (found.has(key)) tally.objectsExtra++;
    }
  }
}

/** Folders whose objects no document names one by one: without a record any of them may have been made. */
const UNNAMED = /\/(?:Gains|Images|IdentifiedObjects|NeuroglancerPrecompute)\//;
