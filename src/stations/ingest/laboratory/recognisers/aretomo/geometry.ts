import type { Triple } from "../../../../../core/box.js";
import type { AretomoAlignment } from "../../../../../formats/alignment/aretomo.js";

/** How a volume lies to the stack that it was made of. */
export interface Lie {
  /** Pixels of the stack along one voxel. */
  readonly binning: number;
  /** `turned`: sections run along z; `flat`: along y, as AreTomo writes them without `-FlipVol`. */
  readonly sections: "turned" | "flat";
}

/** AreTomo rounds sizes to even numbers, and crops a little. */
const near = (a: number, b: number): boolean => Math.abs(a - b) <= Math.max(4, 0.02 * b);

/** Undefined where the volume has another size than the aligned stack. @param shape sections, rows, columns */
export function lieOf([sections, rows, columns]: Triple, alignment: AretomoAlignment): Lie | undefined {
  const [nx, ny] = alignment.rawSize ?? [0, 0];
  if (nx === 0 || ny === 0 || columns === 0) return undefined;
  const rotation = Math.abs((alignment.sections[0]?.rotationDegrees ?? 0) % 180);
  const [width, height] = rotation > 45 && rotation < 135 ? [ny, nx] : [nx, ny];
  const binning = width / columns;
  if (binning < 0.9) return undefined;
  if (near(rows, height / binning)) return { binning, sections: "turned" };
  return near(sections, height / binning) ? { binning, sections: "flat" } : undefined;
}
