import { EmporiumError } from "../../../core/errors.js";
import { type JsonObject, parseJson, printJson } from "../../../core/json.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { type Every, takeLocks } from "../../../engine/lock.js";
import { ENGINE_FOLDER } from "../../../engine/plan.js";
import type { Store } from "../../../stores/store.js";
import { imageDocument, resultDocument } from "./metadata.js";
import type { PreparedGraph } from "./prepare.js";

/** An output, and the graph that it is of. */
interface Owned {
  readonly location: string;
  /** Of its folder, with a slash at its end, or of its one object. */
  readonly key: string;
  /** What is written last of it. */
  readonly document: string;
  /** Beside the output, so that every graph that writes there finds it. */
  readonly note: string;
}

function outputsOf({ outputs, results }: Pick<PreparedGraph, "outputs" | "results">): Owned[] {
  return [
    ...outputs.map((output) => ({ location: output.location, key: output.folder, document: imageDocument(output) })),
    ...results.map((result) => {
      const document = resultDocument(result);
      return { location: result.location, key: document === result.key ? document : `${result.key}/`, document };
    }),
  ].map((output) => ({ ...output, note: noteKey(output.key.replace(/\/$/, "")) }));
}

function noteKey(key: string): string {
  const slash = key.lastIndexOf("/") + 1;
  return `${key.slice(0, slash)}${ENGINE_FOLDER}/graphs/${key.slice(slash)}.owner.json`;
}

interface OthersOutput extends Owned {
  /** A graph has begun it. */
  readonly isNoted: boolean;
}

/** The outputs of a graph that it has not begun, or that another graph has begun after it. */
export async function othersOutputs(graph: PreparedGraph, target: Store, signal?: AbortSignal): Promise<OthersOutput[]> {
  const others: OthersOutput[] = [];
  for (const output of outputsOf(graph)) {
    const bytes = await target.read(output.note, undefined, { signal });
    const note = bytes && (parseJson(new TextDecoder().decode(bytes)) as JsonObject);
    if (note?.graph !== graph.id) others.push({ ...output, isNoted: note !== undefined });
  }
  return others;
}

export interface ClaimOptions extends GivenEnv {
  readonly force?: boolean | undefined;
  readonly every?: Every | undefined;
}

/**
 * Removes what other graphs left where the outputs go, if that was asked for; notes whose they are from now on.
 *
 * @param locks of the outputs
 * @throws {EmporiumError} CONFIG_COLLISION; TARGET_LOCKED while another run writes there
 */
export async function claimOutputs(
  graph: PreparedGraph,
  target: Store,
  locks: readonly string[],
  { force = false, every, ...given }: ClaimOptions,
): Promise<void> {
  const { clock, random, log, signal } = envOf(given);
  if ((await othersOutputs(graph, target, signal)).length === 0) return;
  const held = await takeLocks(target, locks, { job: "blocks run", clock, random, log, onLost: () => {}, every, signal });
  try {
    const others = await othersOutputs(graph, target, signal); // nobody changes them any more
    const there: OthersOutput[] = [];
    for (const output of others) {
      const found = await whatIsThere(target, output, signal);
      if (found === undefined) continue;
      if (!force || found === STRANGE) throw collision(output.location, found);
      there.push(output);
    }
    for (const { key } of there) await target.remove(key, { signal });
    for (const { note, location } of others)
      await target.write(note, new TextEncoder().encode(printJson({ graph: graph.id, location })), { signal });
  } finally {
    await held.release();
  }
}

const FINISHED = "is there already, and not made by this graph from these inputs";
const BEGUN = "was begun by another graph, or from other inputs";
/** Never removed: nothing says that it was made by a graph. */
const STRANGE = "has something in it that no graph has made";

async function whatIsThere(target: Store, { key, document, isNoted }: OthersOutput, signal?: AbortSignal) {
  if (await target.stat(document, { signal })) return FINISHED;
  if (document === key) return undefined;
  for await (const _ of target.list(key, { signal })) return isNoted ? BEGUN : STRANGE;
  return undefined;
}

/** An output of a graph, at whose place something is that this graph has not made of its inputs as they are. */
export interface TakenOutput {
  readonly location: string;
  /** Another graph has, or this one from other inputs. */
  readonly isOfGraph: boolean;
}

/** What keeps a graph from its outputs; for who wants to know it before the graph is run. */
export async function takenOutputs(graph: PreparedGraph, target: Store, signal?: AbortSignal): Promise<TakenOutput[]> {
  const taken: TakenOutput[] = [];
  for (const output of await othersOutputs(graph, target, signal)) {
    const isThere = (await whatIsThere(target, output, signal)) !== undefined;
    if (isThere) taken.push({ location: output.location, isOfGraph: output.isNoted });
  }
  return taken;
}

/** Whether a graph has made, or begun, what is at a key: of a folder without a slash at its end. */
export async function isOfGraph(target: Store, key: string, signal?: AbortSignal): Promise<boolean> {
  return (await target.stat(noteKey(key), { signal })) !== undefined;
}

function collision(location: string, found: string): EmporiumError {
  const replace = found === STRANGE ? "remove it yourself" : "add --force-overwrite to replace it";
  return new EmporiumError("CONFIG_COLLISION", `${location} ${found}`, {
    place: { url: location },
    hint: `${replace}, or give the output another name`,
  });
}
