import { EmporiumError } from "../../core/errors.js";
import type { Store } from "../../stores/store.js";
import { copyObject } from "../atomic.js";
import type { ObjectReceipt, Operation, Operations, Task, TaskContext, TaskOutcome } from "../task.js";
import { onceKey, stagingFolder } from "./run-files.js";
import { getJson, type OpenRun, putJson } from "./run-record.js";

/** `once/<task>.json`: which process's outputs count. Whoever creates it has won. */
interface Winner {
  readonly token: string;
  readonly outcome: TaskOutcome;
}

/**
 * Operations whose tasks give other bytes each time (`Task.deterministic: false`), so that each has one effect, however many processes do it:
 * outputs go below a folder of the process, one process creates the task's record, and its outputs get their names. Whoever reads the
 * record may give them; those that lost remove their own.
 *
 * @param token of this process
 */
export function exactlyOnce(run: OpenRun, operations: Operations, token: string): Operations {
  const wrap =
    (operation: Operation): Operation =>
    async (task, context) => {
      if (task.deterministic !== false) return operation(task, context);
      const known = await getJson<Winner>(run.store, recordKey(run, task));
      if (known) return publish(run, task, known, context);
      const folder = `${run.folder}${stagingFolder(task.id, token)}`;
      const outcome = await operation(task, { ...context, target: staged(context.target, task.outputs, folder), notes: [] });
      const mine: Winner = { token, outcome };
      try {
        await putJson(run.store, recordKey(run, task), mine, { ifAbsent: true });
      } catch (error) {
        if (!(error instanceof EmporiumError) || error.code !== "STORE_CONFLICT") throw error;
        const winner = await getJson<Winner>(run.store, recordKey(run, task));
        if (!winner) throw error;
        if (winner.token !== token) await context.target.remove(folder);
        return publish(run, task, winner, context);
      }
      return publish(run, task, mine, context);
    };
  return Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, wrap(operation)]));
}

const recordKey = (run: OpenRun, { id }: Pick<Task, "id">) => `${run.folder}${onceKey(id)}`;

/** Gives the winner's outputs their names. May be called by several at once, and again. */
async function publish(run: OpenRun, task: Task, winner: Winner, context: TaskContext): Promise<TaskOutcome> {
  const folder = `${run.folder}${stagingFolder(task.id, winner.token)}`;
  const outputs: ObjectReceipt[] = [];
  for (const receipt of winner.outcome.outputs) outputs.push(await move(context, folder, receipt));
  if (!context.target.local) await context.target.remove(folder);
  return { ...winner.outcome, outputs };
}

async function move(context: TaskContext, folder: string, receipt: ObjectReceipt): Promise<ObjectReceipt> {
  const { target } = context;
  const { key } = receipt;
  if (target.local) {
    try {
      await target.local.adopt(target.local.path(`${folder}${key.replace(/\/$/, "")}`), key.replace(/\/$/, ""));
    } catch (error) {
      // somebody else has moved it
      if (!(error instanceof EmporiumError) || error.code !== "STORE_ABSENT") throw error;
    }
  } else if (key.endsWith("/")) {
    for await (const entry of target.list(`${folder}${key}`)) await copy(context, entry.key, entry.key.slice(folder.length));
  } else if (await target.stat(`${folder}${key}`)) await copy(context, `${folder}${key}`, key);
  if (key.endsWith("/")) return receipt;
  const now = await target.stat(key);
  if (now?.size === receipt.size) return { ...receipt, etag: now.etag, modifiedMs: now.modifiedMs };
  throw new EmporiumError("OBJECT_LOST", `${key}: the output that counts is neither where it was made nor where it belongs`, {
    hint: "begin the run again with --force-overwrite",
  });
}

function copy(context: TaskContext, from: string, to: string): Promise<ObjectReceipt> {
  return copyObject({ ...context, notes: [], note: async () => {}, progress: () => {} }, from, to, { from: context.target });
}

/** A store in which a task's outputs, and what lies below those that are folders, are in another place. */
function staged(store: Store, outputs: readonly string[], folder: string): Store {
  const isOutput = (key: string) => outputs.some((output) => key === output || (output.endsWith("/") && key.startsWith(output)));
  const at = (key: string) => (isOutput(key) || isOutput(`${key}/`) ? `${folder}${key}` : key);
  const back = <T extends { key: string }>(entry: T): T =>
    entry.key.startsWith(folder) ? { ...entry, key: entry.key.slice(folder.length) } : entry;
  async function* renamed<T extends { key: string }>(entries: AsyncIterable<T>): AsyncIterable<T> {
    for await (const entry of entries) yield back(entry);
  }
  const { local, stream } = store;
  return {
    ...store,
    stat: (key, options) => store.stat(at(key), options),
    read: (key, range, options) => store.read(at(key), range, options),
    write: (key, body, options) => store.write(at(key), body, options),
    create: async (key, options) => ({ ...(await store.create(at(key), options)), key }),
    list: (prefix, options) => renamed(store.list(at(prefix), options)),
    children: (key, options) => renamed(store.children(at(key), options)),
    remove: (key, options) => store.remove(at(key), options),
    openUploads: (key, options) => renamed(store.openUploads(at(key), options)),
    ...(stream ? { stream: (key, from, options) => stream(at(key), from, options) } : {}),
    ...(local
      ? {
          local: {
            ...local,
            path: (key) => local.path(at(key)),
            otherThing: (key) => local.otherThing(at(key)),
            partPath: (key, tag) => local.partPath(at(key), tag),
            adopt: (part, key) => local.adopt(part, at(key)),
          },
        }
      : {}),
  };
}
