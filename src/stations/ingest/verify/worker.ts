import { statSync } from "node:fs";
import { join } from "node:path";
import { workerData } from "node:worker_threads";
import { closeBoth, newWindow, openBoth, readLong, readsDirect } from "../../../stores/file/direct.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";
import { type FileInOrder, IN_ORDER_WINDOW_BYTES, openInOrder } from "../../../stores/file/in-order.js";
import type { IoMode } from "../../../stores/io-mode.js";
import { pageMemory } from "../../../system/page-memory.js";
import { answerJobs } from "../../../system/thread-side.js";
import type { Reader } from "./array-place.js";
import { type Job, runJob } from "./jobs.js";

/** Settings that a thread gets when it starts. */
export interface WorkerPlace {
  root: string;
  io: IoMode;
  /** Number of windows that a file is read ahead into. */
  windows: number;
}

/** Least bytes of a read that goes past the page cache; shorter reads go through it. */
const LONG_READ_BYTES = 4 * 2 ** 20;
const WINDOW_BYTES = 2 ** 20;

/** Entry of a thread that checks objects of one folder of this machine. */
const { root, io, windows: count } = workerData as WorkerPlace;
const window = newWindow(WINDOW_BYTES);
const windows = Array.from({ length: count }, () => pageMemory(IN_ORDER_WINDOW_BYTES));
const reader = fileReader();

answerJobs((job: Job) => runJob(job, reader));

/** Reads files below a folder. The thread waits for each read, except for those that `inOrder` makes ahead. */
function fileReader(): Reader {
  const orAbsent = <T>(path: string, look: () => T): T | undefined => {
    try {
      return look();
    } catch (error) {
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
      throw fileError(error, path, "read");
    }
  };
  return {
    isNear: true,
    inOrder(key, range) {
      const path = join(root, key);
      let file: FileInOrder | undefined;
      return {
        async lend(position) {
          file ??= orAbsent(path, () => openInOrder(path, io, range, windows));
          return file?.lend(position).catch((error: unknown) => {
            throw fileError(error, path, "read");
          });
        },
        close: async () => file?.close(),
      };
    },
    async size(key) {
      const path = join(root, key);
      return orAbsent(path, () => statSync(path).size);
    },
    async read(key, range, room) {
      const path = join(root, key);
      return orAbsent(path, () => {
        const { size } = statSync(path);
        const offset = Math.min(range?.offset ?? 0, size);
        const length = Math.min(range?.length ?? size, size - offset);
        const bytes = room?.(length) ?? new Uint8Array(length);
        const file = openBoth(path, "r", readsDirect(io, path, { offset, length }, LONG_READ_BYTES));
        try {
          const done = readLong(file, bytes, window, { at: 0, length, position: offset });
          return bytes.subarray(0, done);
        } finally {
          closeBoth(file);
        }
      });
    },
  };
}
