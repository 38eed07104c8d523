import type { Triple } from "../../../../core/box.js";
import type { CheckPlace } from "../../../../core/finding.js";

/** A source's statement of a volume's voxel spacing. */
export interface Statement {
  /** Name of the source within a sentence: `the MRC header`. */
  readonly who: string;
  readonly angstrom: number;
  readonly place: CheckPlace;
  /** True for a value that a person wrote into a configuration; other values are copied from one to another by programs. */
  readonly isConfigured?: boolean | undefined;
}

/** One volume, all sources of its spacing, and what it can be compared with. */
export interface ScaleCase {
  readonly kind: "tiltseries" | "tomogram" | "mask";
  /** Folder of the run: what lies in another one is a neighbour. */
  readonly runKey: string;
  readonly title: string;
  readonly statements: readonly Statement[];
  /** Voxels `[z, y, x]`; undefined where no document tells it. */
  readonly size: Triple | undefined;
  /** The tilt series that a tomogram is made of. */
  readonly tiltseries: { readonly pixelAngstrom: number; readonly size: Triple | undefined } | undefined;
  /**
   * The program that made it reconstructs whatever box a person gives it, at any spacing (Warp, WarpTools): that it covers as much as the images do is then
   * no rule, and proves nothing.
   */
  readonly isBoxChosen?: boolean | undefined;
  /** Å `[z, y, x]` of the volume that the alignment is for. */
  readonly alignment: { readonly extentAngstrom: Triple; readonly place: CheckPlace } | undefined;
  /** Å of a pixel as the microscope wrote it, where that is another one than the image's: of a tilt series. */
  readonly nominalAngstrom: number | undefined;
  /** The other tomograms of the dataset. */
  readonly others: readonly Relative[];
}

/** Facts of a tomogram that are kept to compare others with it. */
export interface Relative {
  readonly key: string;
  readonly runKey: string;
  readonly title: string;
  readonly size: Triple;
  readonly angstrom: number;
  readonly pixelAngstrom: number | undefined;
  /** Its spacing is a whole number of pixels of its tilt series. */
  readonly isSupported: boolean;
}
