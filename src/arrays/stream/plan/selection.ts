import { EmporiumError } from "../../../core/errors.js";

/** Selection of the voxels that a mask takes: those of one label, or those of a threshold and above. Both compare as float32. */
export type MaskSelection = { readonly equals: number } | { readonly atLeast: number };

/** Selection for a mask of all instances: any label above 0. */
export const ANY_LABEL: MaskSelection = { atLeast: 1 };

/** "voxels of label 3", "voxels of 0.5 and above". */
export function selectionText(selection: MaskSelection): string {
  return "equals" in selection ? `voxels of label ${selection.equals}` : `voxels of ${selection.atLeast} and above`;
}

/** The error of a voxel that cannot be a label. `flipped`: unsigned bytes that were read as u − 128. */
export function notALabel(name: string, value: number, [z, y, x]: readonly number[], flipped = false): EmporiumError {
  const hint = flipped
    ? "bytes of mode 0 whose header maximum is above 127 are read as u − 128: write the labels in mode 6 (uint16)"
    : value > 65_535
      ? "renumber the labels from 1 without gaps"
      : "choose the mask's own labels, not probabilities";
  return new EmporiumError(
    "FORMAT_FIELD",
    `${name}: voxel ${x},${y},${z} (x,y,z) is ${value}, labels are whole numbers from 0 to 65535`,
    {
      place: { file: name },
      hint,
    },
  );
}
