import type { Triple } from "../../../core/box.js";
import type { Json } from "../../../core/json.js";
import type { Task } from "../../../engine/task.js";
import type { KeyImages } from "./key-image-finds.js";
import type { VoxelSpacing } from "./voxel-spacing.js";

/** A tomogram that may get pictures: one that this import writes, or one that is on the target. */
export interface PictureSubject {
  readonly id: number;
  readonly spacing: VoxelSpacing;
  /** Task of this plan that writes it; undefined where it is on the target already. */
  readonly task: Task | undefined;
  /** Voxels `[z, y, x]`. */
  readonly shape: Triple;
  /** Key of the alignment, as its metadata give it. */
  readonly alignmentPath: Json | undefined;
  /** Undefined where nobody has looked for them yet. */
  readonly pictures: KeyImages | undefined;
}
