import { basename, dirname, resolve } from "node:path";
import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import { fileStore } from "../../../stores/file/store.js";
import type { NewConfig } from "./new-config.js";

/** The file beside a configuration that says what was decided: `lab.yaml` → `lab.decisions.yaml`. */
export const decisionsBeside = (config: string): string => `${config.replace(/\.ya?ml$/i, "")}.decisions.yaml`;

/** What was written before, whose files may be replaced while they are still as they were written. */
export type WrittenConfig = Pick<NewConfig, "yaml" | "decisions">;

/**
 * Writes a configuration and, beside it, its file of decisions. Neither is written where one of them is there already. Of a configuration that waits for
 * answers, which is empty, only the file of decisions is written.
 *
 * @param options `given`: the file of decisions that was given, which is left as it is; `before`: what the same hand has written there
 * @returns the path of the file of decisions, where there is one
 * @throws {EmporiumError} USAGE where a file is there, STORE_…
 */
export async function writeConfig(
  config: string,
  { yaml, decisions }: WrittenConfig,
  { given, before }: { readonly given?: string | undefined; readonly before?: WrittenConfig | undefined } = {},
): Promise<string | undefined> {
  const beside = decisions === undefined ? undefined : decisionsBeside(config);
  const isGiven = beside === given;
  if (yaml === "") {
    if (!isGiven) await writeNew(beside!, decisions!, before?.decisions);
    return beside;
  }
  await checkFree(config, before?.yaml);
  if (beside !== undefined && !isGiven) {
    await checkFree(beside, before?.decisions);
    await writeNew(beside, decisions!, before?.decisions);
  }
  await writeNew(config, yaml, before?.yaml);
  return beside;
}

/**
 * Writes a file that is not there yet, whole or not at all: what a person has filled in is never written over, and half a configuration would be
 * taken for one.
 *
 * @param before text that the file may have, and is then replaced
 * @throws {EmporiumError} USAGE where the file is there, STORE_…
 */
export async function writeNew(path: string, text: string, before?: string): Promise<void> {
  const { store, key } = placeOf(path);
  const etag = before === undefined ? undefined : await etagOf(path, before);
  try {
    await store.write(key, Buffer.from(text), etag === undefined ? { ifAbsent: true } : { ifMatch: etag });
  } catch (thrown) {
    const error = asEmporiumError(thrown);
    if (error.code !== "STORE_CONFLICT") throw error;
    throw isThere(path);
  }
}

function placeOf(path: string) {
  const place = resolve(path);
  return { store: fileStore(dirname(place)), key: basename(place) };
}

/** Tag of a file that has exactly this text; undefined for another, and for none. */
async function etagOf(path: string, text: string): Promise<string | undefined> {
  const { store, key } = placeOf(path);
  const stat = await store.stat(key);
  const bytes = stat && (await store.read(key, undefined, { ifMatch: stat.etag }));
  return bytes && Buffer.from(text).equals(bytes) ? stat.etag : undefined;
}

async function checkFree(path: string, before: string | undefined): Promise<void> {
  const { store, key } = placeOf(path);
  if (!(await store.stat(key))) return;
  if (before === undefined || (await etagOf(path, before)) === undefined) throw isThere(path);
}

const isThere = (path: string): EmporiumError =>
  new EmporiumError("USAGE", `${path} exists already`, {
    place: { file: path },
    hint: "give another name, or remove the file",
  });
