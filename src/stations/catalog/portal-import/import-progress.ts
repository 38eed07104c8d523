import type { Clock } from "../../../core/clock.js";
import type { OnEvent, TaskBrief } from "../../../engine/events.js";
import type { TaskState } from "../../../engine/task.js";
import type { Store } from "../../../stores/store.js";
import { DEPOSITIONS } from "./tree.js";

/** Reports the progress of an import. Each run is a task. */
export interface ImportProgress {
  begin(): Promise<void>;
  /** @returns the function to call at the end of the run */
  run(folder: string): (state: TaskState) => void;
  end(exitStatus: number): void;
}

export interface ImportProgressOptions {
  store: Store;
  datasets: readonly string[] | undefined;
  /** False if only depositions are imported. */
  runs: boolean;
  clock: Clock;
  onEvent: OnEvent | undefined;
  signal: AbortSignal | undefined;
}

/**
 * Counts the runs before the walk, with one request for each dataset, because the walk lists every chunk of every volume. Folders
 * of pictures are counted too, so the total is a little too large.
 */
export function importProgress({ store, datasets, runs, clock, onEvent, signal }: ImportProgressOptions): ImportProgress {
  if (!onEvent || !runs) return { begin: async () => {}, run: () => () => {}, end: () => {} };
  const startMs = clock.monotonic();
  return {
    async begin() {
      const tasks = await countFolders(store, datasets, signal).catch(() => 0); // the walk will report the error
      onEvent({ atMs: clock.monotonic(), kind: "plan", tasks, bytes: 0, resumed: false, createdMs: clock.now() });
    },
    run(folder) {
      const begunMs = clock.monotonic();
      const task: TaskBrief = { id: folder, title: folder, run: "catalog/import", bytes: 0 };
      onEvent({ atMs: begunMs, kind: "start", task, threads: 1, notes: 0 });
      return (state) => {
        const atMs = clock.monotonic();
        onEvent({ atMs, kind: "settled", task, state, seconds: (atMs - begunMs) / 1000 });
      };
    },
    end(exitStatus) {
      const atMs = clock.monotonic();
      onEvent({ atMs, kind: "end", exitStatus, seconds: (atMs - startMs) / 1000 });
    },
  };
}

async function countFolders(store: Store, datasets: readonly string[] | undefined, signal?: AbortSignal): Promise<number> {
  const tops = datasets?.map((name) => `${name}/`) ?? [];
  if (!datasets) for await (const folder of foldersOf(store, "", signal)) tops.push(folder);
  let count = 0;
  for (const top of tops) {
    if (top === `${DEPOSITIONS}/`) continue;
    for await (const _ of foldersOf(store, top, signal)) count++;
  }
  return count;
}

export async function* foldersOf(store: Store, folder: string, signal?: AbortSignal): AsyncGenerator<string> {
  for await (const { key } of store.children(folder, { signal })) {
    const name = key.slice(folder.length);
    if (name.endsWith("/") && !name.startsWith(".")) yield key;
  }
}
