import type { Laboratory, Surveyed, VolumeFacts } from "../../survey/laboratory.js";

/** A file with the facts of its header. */
export interface Volume extends Surveyed {
  readonly volume: VolumeFacts;
}

const known = new WeakMap<Laboratory, readonly Volume[]>();

/** Files that may be volumes: those with more than one section, but for containers of many volumes. Made once. */
export function volumesOf(laboratory: Laboratory): readonly Volume[] {
  const found =
    known.get(laboratory) ??
    laboratory.files.filter(
      (file): file is Volume =>
        file.volume !== undefined && file.unreadable === undefined && !["picture", "volumes"].includes(file.volume.says),
    );
  known.set(laboratory, found);
  return found;
}

/** Shape of a volume, as a key. */
export const shapeKey = ({ shape }: VolumeFacts): string => shape.join(" ");

/** Spacing as the header has it; undefined where nobody set it. */
export function setSpacing({ spacingsAngstrom }: VolumeFacts): number | undefined {
  const spacing = spacingsAngstrom[1];
  return spacing === undefined || spacing <= 0.01 || Math.abs(spacing - 1) < 1e-4 ? undefined : spacing;
}

/** Equal shapes, and spacings that do not contradict each other: Python's programs often leave them out. */
export function isSameGrid(a: VolumeFacts, b: VolumeFacts): boolean {
  const [one, other] = [setSpacing(a), setSpacing(b)];
  return shapeKey(a) === shapeKey(b) && (one === undefined || other === undefined || Math.abs(one / other - 1) < 0.01);
}
