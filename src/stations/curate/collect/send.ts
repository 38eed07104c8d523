import { createHash } from "node:crypto";
import { EmporiumError } from "../../../core/errors.js";
import type { Env } from "../../../engine/env.js";
import type { TaskBrief } from "../../../engine/events.js";
import { objectName, type Store } from "../../../stores/store.js";
import { forEachLimited } from "../../../system/parallel.js";
import type { BatchFile } from "./manifest.js";
import { changed, readSource } from "./read-source.js";

/** The outcome of a file: written now, or existing with the same content. */
export type Sent = "written" | "present";

export interface SendOptions extends Pick<Env, "clock" | "signal" | "onEvent"> {
  readonly target: Store;
}

/** Models are small, so requests to a bucket take longer than their bytes. */
const AT_ONCE = { local: 2, remote: 8 };

/**
 * Writes each file under its key, whole or not at all, and reads it back. Existing files with the right content stay, so an
 * interrupted run resumes.
 *
 * @throws {EmporiumError} the first failure: written files stay, and the same command resumes.
 */
export async function sendFiles(files: readonly BatchFile[], options: SendOptions): Promise<Sent[]> {
  const { target, clock, onEvent } = options;
  const startMs = clock.monotonic();
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  onEvent({ atMs: startMs, kind: "plan", tasks: files.length, bytes, resumed: false, createdMs: clock.now() });
  const sent: Sent[] = [];
  let exitStatus = 1;
  try {
    await forEachLimited(files.entries(), target.local ? AT_ONCE.local : AT_ONCE.remote, async ([at, file]) => {
      const task: TaskBrief = { id: file.dest, title: file.dest, run: "collect", bytes: file.size };
      const begunMs = clock.monotonic();
      onEvent({ atMs: begunMs, kind: "start", task, threads: 1, notes: 0 });
      const done = await sendFile(file, options).catch((error: unknown) => {
        onEvent({ atMs: clock.monotonic(), kind: "settled", task, state: "failed", seconds: 0 });
        throw error;
      });
      sent[at] = done;
      const atMs = clock.monotonic();
      onEvent({ atMs, kind: "progress", id: task.id, bytesDone: file.size });
      onEvent({ atMs, kind: "settled", task, state: done === "written" ? "done" : "already", seconds: (atMs - begunMs) / 1000 });
    });
    exitStatus = 0;
    return sent;
  } finally {
    const atMs = clock.monotonic();
    onEvent({ atMs, kind: "end", exitStatus, seconds: (atMs - startMs) / 1000 });
  }
}

async function sendFile(file: BatchFile, { target, signal }: SendOptions): Promise<Sent> {
  signal?.throwIfAborted();
  const { src, dest, sha256, size } = file;
  if ((await target.stat(dest, { signal }))?.size === size && (await hashAt(target, dest, signal)) === sha256) return "present";
  const source = await readSource(src);
  if (source.sha256 !== sha256) throw changed(src);
  await target.write(dest, source.bytes, { signal });
  if ((await hashAt(target, dest, signal)) === sha256) return "written";
  throw new EmporiumError("CHECKSUM_MISMATCH", `${objectName(target, dest)} reads back with another content than was written`, {
    hint: "check the disk or bucket, and run the same command again",
  });
}

async function hashAt(target: Store, key: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const bytes = await target.read(key, undefined, { signal });
  return bytes && createHash("sha256").update(bytes).digest("hex");
}
