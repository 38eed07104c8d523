import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { objectName, type Store } from "../../stores/store.js";
import type { Task } from "../task.js";
import { GRAPH, GRAPH_INDEX } from "./run-files.js";

/** The tasks of a run as a worker reads them: a range of lines, without the others. */

/** Writes all tasks of a run in their order. Both objects are whole before the run's record names them. */
export async function writeGraph(store: Store, folder: string, tasks: readonly Task[]): Promise<void> {
  const encoder = new TextEncoder();
  const lines = tasks.map((task) => encoder.encode(`${JSON.stringify(task)}\n`));
  const offsets = new Float64Array(lines.length + 1);
  lines.forEach((line, i) => {
    offsets[i + 1] = offsets[i]! + line.length;
  });
  const view = new DataView(new ArrayBuffer(offsets.length * 8));
  offsets.forEach((offset, i) => {
    view.setFloat64(i * 8, offset, true);
  });
  await store.write(`${folder}${GRAPH_INDEX}`, new Uint8Array(view.buffer), { contentType: "application/octet-stream" });
  await store.write(`${folder}${GRAPH}`, Buffer.concat(lines), { contentType: "application/x-ndjson" });
}

/** The tasks from number `first` to before `end`. @throws {EmporiumError} STORE_ABSENT, STORE_PROTOCOL where the graph is not what was written */
export async function readTasks(store: Store, folder: string, first: number, end: number): Promise<Task[]> {
  if (end <= first) return [];
  const index = await read(store, `${folder}${GRAPH_INDEX}`, first * 8, (end - first + 1) * 8);
  const view = new DataView(index.buffer, index.byteOffset, index.byteLength);
  const from = view.getFloat64(0, true);
  const to = view.getFloat64((end - first) * 8, true);
  const text = new TextDecoder().decode(await read(store, `${folder}${GRAPH}`, from, to - from));
  return text
    .split("\n")
    .slice(0, end - first)
    .map((line) => JSON.parse(line) as Task);
}

async function read(store: Store, key: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await store.read(key, { offset, length });
  if (bytes?.length === length) return bytes;
  const name = objectName(store, key);
  throw new EmporiumError(
    bytes ? "STORE_PROTOCOL" : "STORE_ABSENT",
    bytes ? `${name} has ${counted(bytes.length, "byte")} from byte ${offset}; expected ${length}` : `${name} does not exist`,
    {
      place: store.local ? { file: name } : { url: name },
      hint: "start the run again with the command that made it: its own files were changed",
    },
  );
}
