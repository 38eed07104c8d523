import { EmporiumError, type Place } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { partBytesFor } from "../../../engine/atomic.js";
import type { PlainObject, Task, TaskInput } from "../../../engine/task.js";
import type { TypeKey } from "../../../model/kinds.js";
import { baseName } from "../../../stores/keys.js";
import { makeTask } from "../draft.js";
import { COPY_OPERATION } from "../ops/names.js";
import type { PlanContext } from "./context.js";
import { addWritten, type ImportContext } from "./importer.js";
import type { SectionItem } from "./sections.js";

/** Parts of one large object that are held while it is copied. */
const PARTS_HELD = 4;

/** One file that is to be copied under a name of the target. */
interface CopyRequest {
  readonly item: SectionItem;
  readonly to: string;
  readonly title: string;
  /** Operation that converts the file on its way, and the bytes of memory that it takes; undefined for a plain copy. */
  readonly conversion?: { readonly run: string; readonly memoryBytes: number } | undefined;
}

export interface CopiesRequest {
  readonly kind: TypeKey;
  /** Name of all the copies together in messages. */
  readonly title: string;
  readonly copies: readonly CopyRequest[];
  readonly place?: Place | undefined;
}

/**
 * Adds a task for each file, so that one more frame later copies just that one, and the entity they are together.
 *
 * @throws {EmporiumError} CONFIG_COLLISION for two files under one name: nothing is added
 */
export function addCopies(context: ImportContext, { kind, title, copies, place }: CopiesRequest): Task[] {
  const takers = new Map<string, CopyRequest>();
  for (const copy of copies) {
    const name = copy.to.normalize("NFC").toLowerCase();
    const other = takers.get(name);
    takers.set(name, copy);
    if (!other || context.compat) continue;
    const files = [other, copy].map(({ item }) => context.source.fullPath(item.key!));
    throw new EmporiumError("CONFIG_COLLISION", `${files.join(" and ")} would both be written as ${copy.to}`, {
      place: copy.item.place,
      hint: "narrow the globs so that each name is found once",
    });
  }
  const tasks = [...takers.values()].map((copy) => copyTask(context, kind, copy, place));
  for (const task of tasks) context.draft.tasks.push(task);
  addWritten(
    context,
    { kind, title },
    {
      reads: tasks.flatMap(({ inputs }) => inputs.map(({ key }) => context.source.fullPath(key))),
      writes: tasks.flatMap(({ outputs }) => outputs),
      bytes: tasks.reduce((sum, { bytes }) => sum + bytes, 0),
      place,
    },
  );
  return tasks;
}

function copyTask(
  context: PlanContext,
  kind: TypeKey,
  { item, to, title, conversion }: CopyRequest,
  place: Place | undefined,
): Task {
  const input = inputOf(item);
  const params: PlainObject = { kind, source: input.key, key: to, ...(context.force ? { force: true } : {}) };
  return makeTask({
    title,
    run: conversion?.run ?? COPY_OPERATION,
    params,
    inputs: [input],
    outputs: [to],
    needs: [],
    bytes: input.size,
    memoryBytes: conversion?.memoryBytes ?? copyMemory(input.size),
    threads: 1,
    place: item.place ?? place,
  });
}

/** Input of a task for a found file: key, size, ETag and time of change identify it. */
export function inputOf({ key, stat }: Pick<SectionItem, "key" | "stat">): TaskInput {
  return { key: key!, size: stat?.size ?? 0, etag: stat?.etag, modifiedMs: stat?.modifiedMs };
}

/** Buffers that copying an object of a size takes: itself and what it is compared with, or a few of its parts. */
export function copyMemory(size: number): number {
  if (size <= LIMITS.partBytesMin) return 2 * Math.max(size, 1 << 16);
  const partBytes = partBytesFor(size, LIMITS.partBytesMin);
  return Math.min(PARTS_HELD, Math.ceil(size / partBytes)) * partBytes;
}

/**
 * Files among what sources found: folders are left out, and of a file that several sources found the first find counts.
 *
 * @param items finds of the source alone or of the target alone.
 */
export function distinctFiles(items: readonly SectionItem[]): SectionItem[] {
  const files = new Map<string, SectionItem>();
  for (const item of items) if (item.key !== null && !item.folder && !files.has(item.key)) files.set(item.key, item);
  return [...files.values()];
}

/** Extension with its dot, as Python's `os.path.splitext` gives it: a name that begins with its only dot has none. */
export function extensionOf(name: string): string {
  const base = baseName(name);
  const dot = base.lastIndexOf(".");
  return dot > 0 && /[^.]/.test(base.slice(0, dot)) ? base.slice(dot) : "";
}
