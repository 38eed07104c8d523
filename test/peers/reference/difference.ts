/** One thing that two trees do not have in common. */
export interface Difference {
  /** Below the root of the tree. */
  path: string;
  /** What differs: a field of a document, `level 1`, `voxels`, `rms`, … */
  at: string;
  reference: unknown;
  ours: unknown;
}

/** Differences inside one file. `path` is added by who knows it. */
export type Found = Omit<Difference, "path">;

const NUMBERS_SHOWN = 3;

/** Numbers that are to be the same bits; minus zero is not zero, NaN is NaN. One difference stands for all of them. */
export function compareNumbers(at: string, reference: ArrayLike<number>, ours: ArrayLike<number>): Found[] {
  if (reference.length !== ours.length) return [{ at: `${at}, how many`, reference: reference.length, ours: ours.length }];
  if (haveSameBytes(reference, ours)) return [];
  const places: number[] = [];
  let count = 0;
  for (let i = 0; i < reference.length; i++) {
    if (Object.is(reference[i], ours[i])) continue;
    if (count++ < NUMBERS_SHOWN) places.push(i);
  }
  if (count === 0) return [];
  const some = (values: ArrayLike<number>) => places.map((i) => `[${i}] ${values[i]}`).join(", ");
  return [{ at, reference: `${some(reference)} (${count} of ${reference.length})`, ours: some(ours) }];
}

/** A quick look: what has other bytes may still be the same numbers, of NaN there are several. */
function haveSameBytes(reference: ArrayLike<number>, ours: ArrayLike<number>): boolean {
  if (!ArrayBuffer.isView(reference) || !ArrayBuffer.isView(ours) || reference.constructor !== ours.constructor) return false;
  const [there, here] = [reference, ours].map((view) => Buffer.from(view.buffer, view.byteOffset, view.byteLength)) as [
    Buffer,
    Buffer,
  ];
  return there.equals(here);
}

/** Documents, member by member; the order of members says nothing. */
export function compareValues(at: string, reference: unknown, ours: unknown): Found[] {
  if (Array.isArray(reference) && Array.isArray(ours)) {
    if (reference.length !== ours.length) return [{ at: `${at}.length`, reference: reference.length, ours: ours.length }];
    return reference.flatMap((value, i) => compareValues(`${at}[${i}]`, value, ours[i]));
  }
  if (isObject(reference) && isObject(ours)) {
    const names = [...new Set([...Object.keys(reference), ...Object.keys(ours)])];
    return names.flatMap((name) => compareValues(at === "" ? name : `${at}.${name}`, reference[name], ours[name]));
  }
  return Object.is(reference, ours) ? [] : [{ at, reference, ours }];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
