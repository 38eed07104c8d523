import type { Clock } from "../../../core/clock.js";
import type { Plain, PlainObject, Task, TaskInput, TaskPlan } from "../../../engine/task.js";
import { taskId } from "../../../engine/task-id.js";
import { fileKey, framesFolder } from "../../../model/storage-layout.js";
import { type FrameSet, frameBytes, type SourceFile } from "../frames/frame.js";
import { FILE_OPERATION, type FileParams, FRAMES_OPERATION, type FramesParams } from "./operations.js";

/** Frames of one task: so many that a journal of a million frames stays small, so few that a kill costs little. */
const TASK_FRAMES = 16;
const TASK_BYTES = 64 * 2 ** 20;
/** Buffers of a frame: samples as read, filtered, compressed, and read again. */
const BUFFERS = 5;

/** Tasks that store the frames of a data set. They do not depend on the number of workers. */
export function planFrameTasks(dataset: string, set: FrameSet, clock: Clock): TaskPlan {
  const bytes = frameBytes(set.shape);
  const count = Math.max(1, Math.min(TASK_FRAMES, Math.floor(TASK_BYTES / bytes)));
  const tasks: Task[] = [];
  for (let at = 0; at < set.frames.length; at += count) {
    const some = set.frames.slice(at, at + count);
    const files = [...new Set(some.map(({ file }) => file))];
    const frames = some.map(
      ({ file, page, file_name }) => [files.indexOf(file), page, `${framesFolder(dataset)}/${file_name}`] as const,
    );
    const params: FramesParams = { shape: set.shape, fromFloat: set.fromFloat, onePageEach: set.onePageEach, frames };
    tasks.push(
      makeTask({
        title: some.length === 1 ? `${dataset} ${some[0]!.file_name}` : `${dataset} frames ${at} to ${at + some.length - 1}`,
        run: FRAMES_OPERATION,
        params: params as unknown as PlainObject,
        inputs: files.map((file) => inputOf(set.files[file]!)),
        outputs: frames.map(([, , key]) => key),
        bytes: bytes * some.length,
        memoryBytes: bytes * BUFFERS,
      }),
    );
  }
  return { createdMs: clock.now(), tasks, locks: [] };
}

/** The one task that stores a data set's file. */
export function planFileTask(dataset: string, file: SourceFile, name: string, clock: Clock): TaskPlan {
  const key = fileKey(dataset, name);
  const params: FileParams = { key };
  const task = makeTask({
    title: `${dataset} ${name}`,
    run: FILE_OPERATION,
    params: params as unknown as { [key: string]: Plain },
    inputs: [inputOf(file)],
    outputs: [key],
    bytes: file.size,
    memoryBytes: 64 * 2 ** 20,
  });
  return { createdMs: clock.now(), tasks: [task], locks: [] };
}

function makeTask(facts: Omit<Task, "id" | "needs" | "threads">): Task {
  return { id: taskId(facts), needs: [], threads: 1, ...facts };
}

function inputOf({ key, size, etag, modifiedMs }: SourceFile): TaskInput {
  return { key, size, etag, modifiedMs };
}
