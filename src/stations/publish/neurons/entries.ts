import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { counted } from "../../../core/units.js";
import { readSwc } from "../../../formats/swc/read.js";
import type { Store } from "../../../stores/store.js";
import { forEachLimited } from "../../../system/parallel.js";
import type { NeuronFolder } from "./folder.js";
import type { AreaTree, MappedNeuron } from "./mappings.js";

const FILES_AT_ONCE = 16;
/** The file of a soma holds one line. */
const SOMA_BYTES_MAX = 64 * 1024;
const SWC_BYTES_MAX = 256 * 1024 * 1024;

export interface EntryContext {
  readonly bucket: Store;
  /** `tracings/LOC/DATE`. */
  readonly folder: string;
  /** As the reference writes: text of the soma unchanged, one area for all neurons of a date. */
  readonly compat: boolean;
  readonly lastArea: string | undefined;
  /** Adds `somaAncestors`. */
  readonly areas: AreaTree | undefined;
  readonly checkSwc: boolean;
  readonly signal: AbortSignal | undefined;
  warn(message: string): void;
}

/** The `neurons` of a metadata document, in the order of the folders. A repeated key has its last value at its first place. */
export async function neuronEntries(
  neurons: readonly { folder: NeuronFolder; mapped: MappedNeuron }[],
  context: EntryContext,
): Promise<ReadonlyMap<string, JsonObject>> {
  const entries = new Map<string, JsonObject>(neurons.map(({ mapped }) => [mapped.id, {}]));
  const held = new Map<string, NeuronFolder>();
  for (const { folder, mapped } of neurons) {
    const before = held.get(mapped.id);
    if (before)
      context.warn(`${context.folder}: ${before.name} and ${folder.name} are both ${mapped.id}, the later one is taken`);
    held.set(mapped.id, folder);
  }
  await forEachLimited(neurons, FILES_AT_ONCE, async ({ folder, mapped }) => {
    const entry = await entryOf(folder, mapped, context);
    if (held.get(mapped.id) === folder) entries.set(mapped.id, entry);
  });
  return entries;
}

async function entryOf(folder: NeuronFolder, { areas }: MappedNeuron, context: EntryContext): Promise<JsonObject> {
  const { compat, lastArea } = context;
  const entry: Record<string, JsonObject[string]> = { originalName: folder.name };
  const text = folder.soma === 0 ? undefined : await somaText(folder, context);
  if (text !== undefined && text !== "") {
    entry.somaLocation = text;
    const area = compat ? lastArea : areas.at(-1);
    if (area !== undefined || compat) entry.injectionLocation = area ?? null;
  }
  Object.assign(entry, await swcPaths(folder, context));
  if (!compat && text && areas.length > 1) entry.injectionLocations = [...areas];
  const ancestors = text ? context.areas?.ancestors(text) : undefined;
  if (ancestors) entry.somaAncestors = ancestors;
  return entry;
}

async function somaText(
  { name, soma }: NeuronFolder,
  { bucket, folder, compat, signal, warn }: EntryContext,
): Promise<string | undefined> {
  const key = `${folder}/${name}/soma.txt`;
  if (soma > SOMA_BYTES_MAX) {
    warn(`${key} has ${counted(soma, "byte")} and is not a line of text: it is left out`);
    return undefined;
  }
  const bytes = await bucket.read(key, undefined, { signal });
  if (!bytes) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: compat }).decode(bytes);
    return compat ? text : text.trim();
  } catch {
    warn(`${key} is not valid UTF-8 text: it is left out`);
    return undefined;
  }
}

/** As in the reference, an existing skeleton is named. An invalid one is reported. */
async function swcPaths(folder: NeuronFolder, context: EntryContext): Promise<JsonObject> {
  const paths: Record<string, string> = {};
  for (const kind of ["consensus", "dendrite"] as const) {
    if (folder[kind] === 0) continue;
    const key = `${context.folder}/${folder.name}/${kind}.swc`;
    if (context.checkSwc) await checkSwc(key, folder[kind], context);
    paths[kind] = `../../${key}`;
  }
  return paths;
}

async function checkSwc(key: string, size: number, { bucket, signal, warn }: EntryContext): Promise<void> {
  try {
    if (size > SWC_BYTES_MAX)
      throw new EmporiumError("FORMAT_LIMIT", `${key} has ${counted(size, "byte")}, at most ${SWC_BYTES_MAX} are read`);
    const bytes = await bucket.read(key, undefined, { signal });
    if (!bytes) return;
    const { faults, faultCount } = readSwc(new TextDecoder().decode(bytes), key);
    const [first] = faults;
    if (first)
      warn(
        `${key}: line ${first.line}: ${first.message}${faultCount > 1 ? `, and ${counted(faultCount - 1, "more fault")}` : ""}`,
      );
  } catch (thrown) {
    if (signal?.aborted) throw thrown;
    const error = asEmporiumError(thrown);
    if (!error.code.startsWith("FORMAT_")) throw error;
    warn(error.message);
  }
}
