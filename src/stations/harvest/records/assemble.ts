import { asEmporiumError, type ErrorRecord, isEmporiumError, toErrorRecord } from "../../../core/errors.js";
import type { Peek } from "../../../formats/peek/peek.js";
import type { TreeImage } from "./image-tree.js";
import type { LookOptions } from "./look-options.js";
import { nameOfLocation } from "./named-words.js";
import { lookAtAll, type PeekImage, placed } from "./peek.js";
import { type LocatedRecord, located } from "./record.js";
import { isSlice, type NumberedFiles, numberedFiles, type StackFile, sliceForm, stackRecord } from "./stack.js";

/** Slices of a stack whose headers are read by default: enough to find a change of size, with few requests. */
const SLICES_LOOKED_AT = 64;

/** A part of a folder: a slice or image, or a failure. */
export type Part = { location: string } & ({ record: LocatedRecord } | { peeked: Peek } | { error: ErrorRecord });

/** The images of a folder in their order. Slices that belong together become one image. */
export async function assemble(
  images: readonly TreeImage[],
  peekImage: PeekImage,
  options: Pick<LookOptions, "onProgress"> & { exact?: boolean | undefined },
): Promise<Part[]> {
  const byPath = new Map(images.map((image) => [image.path, image]));
  const inGroup = new Map<string, number>();
  const groups = numberedFiles(images.flatMap(({ kind, path }) => (kind === "file" ? [path] : [])));
  groups.forEach(({ members }, at) => {
    for (const { path } of members) inGroup.set(path, at);
  });
  const tell = (total: number) => (done: number, at: string) => options.onProgress?.({ done, total, at });
  const parts: Part[] = [];
  const begun = new Set<number>();
  for (const image of images) {
    const at = inGroup.get(image.path);
    if (at === undefined) parts.push(...(await each([image], peekImage, tell(1))));
    else if (!begun.has(at)) {
      begun.add(at);
      const group = groups[at]!;
      const chosen = options.exact ? group.members : evenly(group.members, SLICES_LOOKED_AT);
      const looked = await each(
        chosen.map(({ path }) => byPath.get(path)!),
        peekImage,
        tell(chosen.length),
      );
      const stack = stackOf(group, chosen, looked);
      if (stack) parts.push({ location: stack.record.location, record: stack.record }, ...stack.apart);
      else {
        const rest = group.members.filter((member) => !chosen.includes(member)).map(({ path }) => byPath.get(path)!);
        parts.push(...looked, ...(await each(rest, peekImage, tell(rest.length))));
      }
    }
  }
  return parts;
}

/** The first, the last and some between. */
function evenly<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, at) => list[Math.round((at * (list.length - 1)) / (count - 1))]!);
}

async function each(
  images: readonly TreeImage[],
  peekImage: PeekImage,
  tell: (done: number, at: string) => void,
): Promise<Part[]> {
  const results = await lookAtAll(images, peekImage, tell);
  return Promise.all(
    images.map(async ({ location }, at): Promise<Part> => {
      try {
        return { location, peeked: await results[at]! };
      } catch (error) {
        if (isEmporiumError(error) && error.code === "CANCELLED") throw error;
        return { location, error: placed(toErrorRecord(asEmporiumError(error)), location) };
      }
    }),
  );
}

/** The volume of numbered slices, and files that do not belong to it. Undefined for volumes, and if most files differ. */
function stackOf(
  { stem, members }: NumberedFiles,
  chosen: NumberedFiles["members"],
  looked: readonly Part[],
): { record: LocatedRecord; apart: Part[] } | undefined {
  const files = chosen.map(({ path, number }, at): StackFile & { form: string | undefined; part: Part } => {
    const part = looked[at]!;
    const [facts, ...more] = "peeked" in part ? part.peeked.images : [];
    const record = facts && more.length === 0 ? located(facts, path, part.location) : undefined;
    return { path, number, record, part, form: record && isSlice(record) ? sliceForm(record) : undefined };
  });
  const forms = new Map<string, number>();
  for (const { form } of files) if (form !== undefined) forms.set(form, (forms.get(form) ?? 0) + 1);
  const [main, count = 0] = [...forms].sort((a, b) => b[1] - a[1])[0] ?? [];
  if (main === undefined || count < 2 || count * 2 <= files.length) return undefined;
  const known = new Map(files.map((file) => [file.path, file]));
  const slices = members.filter(({ path }) => !isApart(known.get(path), main));
  const apart = files.filter((file) => isApart(file, main));
  const record = stackRecord(
    slices.map((member) => known.get(member.path) ?? member),
    apart.map(({ path, form }) => ({ path, found: form ?? "no single slice" })),
  );
  const name = stem.slice(stem.lastIndexOf("/") + 1).replace(/[ _.#-]+$/, "");
  const folder = record.location.slice(0, record.location.lastIndexOf("/"));
  return { record: { ...record, name: name || nameOfLocation(folder), location: folder }, apart: apart.map(({ part }) => part) };
}

function isApart(file: { form: string | undefined } | undefined, main: string): boolean {
  return file !== undefined && file.form !== main;
}
