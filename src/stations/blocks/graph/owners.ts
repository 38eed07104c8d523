import { EmporiumError, toErrorRecord } from "../../../core/errors.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { Every } from "../../../engine/every.js";
import { takeLocks } from "../../../engine/lock.js";
import type { Store } from "../../../stores/store.js";
import { parseLocation } from "../../../stores/url.js";
import { imageDocument, resultDocument } from "./metadata.js";
import { levelsOf } from "./outputs.js";
import { contentsOf, lookAtPlace, type OwnerNote, type PlaceState, readNote, writeNote } from "./owner-note.js";
import type { PreparedGraph } from "./prepare.js";

/** The place of an output, and whose it is. */
export type OutputMark = {
  /** Key of the output's folder, with a slash at its end, or of its one object. */
  readonly key: string;
  /** Note as a graph that begins the output writes it. */
  readonly note: OwnerNote;
};

export function marksOf({ id, outputs, results }: Pick<PreparedGraph, "id" | "outputs" | "results">): OutputMark[] {
  return [
    ...outputs.map((output) => {
      const key = output.folder;
      const parts = levelsOf(output).map(({ array }) => array.folder.slice(key.length));
      return { key, note: { graph: id, location: output.location, document: imageDocument(output).slice(key.length), parts } };
    }),
    ...results.map((result) => {
      const document = resultDocument(result);
      const key = document === result.key ? document : `${result.key}/`;
      return { key, note: { graph: id, location: result.location, document: document.slice(key.length), parts: [""] } };
    }),
  ];
}

/** Whether a graph has not begun all of its outputs, or another one has begun some of them after it. */
export async function hasOthersOutputs(graph: PreparedGraph, target: Store, signal?: AbortSignal): Promise<boolean> {
  for (const { key } of marksOf(graph)) if ((await readNote(target, key, signal))?.graph !== graph.id) return true;
  return false;
}

export interface ClaimOptions extends GivenEnv {
  readonly force?: boolean | undefined;
  readonly every?: Every | undefined;
}

/**
 * Removes what other graphs left where the outputs go, if that was asked for; notes whose they are from now on.
 *
 * @param locks of the outputs
 * @returns keys of outputs that were whole: their notes have lost the listing, which a run of a few blocks gives back (`listAgain`)
 * @throws {EmporiumError} CONFIG_COLLISION, with all of them; TARGET_LOCKED while another run writes there
 */
export async function claimOutputs(
  graph: PreparedGraph,
  target: Store,
  locks: readonly string[],
  { force = false, every, ...given }: ClaimOptions,
): Promise<readonly string[]> {
  const { clock, random, log, signal } = envOf(given);
  if (!(await hasOthersOutputs(graph, target, signal))) return goOn(graph, target, force, signal);
  const held = await takeLocks(target, locks, { job: "blocks run", clock, random, log, onLost: () => {}, every, signal });
  try {
    const found = await lookAtAll(graph, target, signal); // nobody changes them any more
    refuseTaken(found, force);
    const others = found.filter(({ isOwn }) => !isOwn);
    for (const { mark, state } of others) if (state !== "empty") await target.remove(mark.key, { signal });
    for (const { mark } of others) await writeNote(target, mark.key, mark.note, signal);
    return [];
  } finally {
    await held.release();
  }
}

/** A run of the same graph may be under way, so there is no lock. */
async function goOn(
  graph: PreparedGraph,
  target: Store,
  force: boolean,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const found = await lookAtAll(graph, target, signal);
  refuseTaken(found, force);
  const whole: string[] = [];
  for (const { mark, note } of found) {
    if (!note?.contents) continue;
    whole.push(mark.key);
    // blocks that are done again are younger than the output was
    const { contents: _, ...begun } = note;
    await writeNote(target, mark.key, begun, signal);
  }
  return whole;
}

/**
 * Gives the listing back to the notes of outputs that were whole before some of their blocks were done again.
 *
 * @param keys as `claimOutputs` returned them
 */
export async function listAgain(target: Store, keys: readonly string[], signal?: AbortSignal): Promise<void> {
  for (const key of keys) {
    const note = await readNote(target, key, signal);
    if (note && !note.contents)
      await writeNote(target, key, { ...note, contents: await contentsOf(target, key, note, signal) }, signal);
  }
}

interface Found {
  readonly mark: OutputMark;
  readonly note: OwnerNote | undefined;
  readonly isOwn: boolean;
  readonly state: PlaceState;
}

async function lookAtAll(graph: PreparedGraph, target: Store, signal?: AbortSignal): Promise<Found[]> {
  const found: Found[] = [];
  for (const mark of marksOf(graph)) {
    const { state, note } = await lookAtPlace(target, mark.key, mark.note.document, { graph: graph.id, signal });
    found.push({ mark, note, state, isOwn: note?.graph === graph.id });
  }
  return found;
}

/** An output of a graph, at whose place something is that this graph has not made of its inputs as they are. */
export interface TakenOutput {
  readonly location: string;
  /**
   * Whether a graph made it, another one or this one from other inputs, and nobody has changed it since: `--force-overwrite`
   * replaces it.
   */
  readonly isOfGraph: boolean;
  /** Error of a run without `--force-overwrite`. */
  readonly error: EmporiumError;
}

/** Outputs that a graph cannot write because their places are taken, for callers that ask before the graph is run. */
export async function takenOutputs(graph: PreparedGraph, target: Store, signal?: AbortSignal): Promise<TakenOutput[]> {
  return (await lookAtAll(graph, target, signal)).filter(isTaken).map(({ mark, state }) => {
    const { location } = mark.note;
    return { location, isOfGraph: isMade(state), error: collision(location, state) };
  });
}

/** Whether a graph has made, or begun, what is at a key, and nobody has changed it since. @param key of a folder with a slash at its end */
export async function isOfGraph(target: Store, key: string, signal?: AbortSignal): Promise<boolean> {
  const note = await readNote(target, key, signal);
  return note !== undefined && isMade((await lookAtPlace(target, key, note.document, { signal })).state);
}

const isMade = (state: PlaceState) => state === "begun" || state === "finished";

function isTaken({ isOwn, state }: Found): boolean {
  return state === "changed" || state === "strange" || (!isOwn && state !== "empty");
}

/** @throws {EmporiumError} CONFIG_COLLISION */
function refuseTaken(found: readonly Found[], force: boolean): void {
  const taken = found.filter((one) => isTaken(one) && !(force && isMade(one.state)));
  throwAll(taken.map(({ mark, state }) => collision(mark.note.location, state)));
}

function throwAll([first, ...others]: readonly EmporiumError[]): void {
  if (first) throw new EmporiumError(first.code, first.message, { ...first.facts, others: others.map(toErrorRecord) });
}

/**
 * Notes for the plan of a graph whose outputs are taken: one for each that `--force-overwrite` would replace.
 *
 * @throws {EmporiumError} CONFIG_COLLISION for the others
 */
export async function notesOfTaken(graph: PreparedGraph, target: Store, signal?: AbortSignal): Promise<string[]> {
  const taken = await takenOutputs(graph, target, signal);
  throwAll(taken.flatMap(({ isOfGraph, error }) => (isOfGraph ? [] : [error])));
  return taken.map(({ error }) => `${error.message}: ${error.facts.hint}`);
}

const FOUND: Readonly<Record<PlaceState, string>> = {
  empty: "is empty",
  begun: "was begun by another graph, or from other inputs",
  finished: "was made by another graph, or from other inputs",
  changed: "was changed after a graph wrote it",
  strange: "exists and was not made by a graph",
};

function collision(location: string, state: PlaceState): EmporiumError {
  const replace = isMade(state)
    ? "replace it with --force-overwrite, or give the output another name"
    : "give the output another name, or move what is there away (--force-overwrite does not replace it)";
  const { path } = parseLocation(location);
  return new EmporiumError("CONFIG_COLLISION", `${path ?? location} ${FOUND[state]}`, {
    place: path === undefined ? { url: location } : { file: path },
    hint: replace,
  });
}
