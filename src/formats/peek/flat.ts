import type { JsonObject } from "../../core/json.js";
import type { FlatVolume } from "../flat.js";
import { allKnown, emptyFacts, finite, type PeekFacts, type PeekFormat } from "./facts.js";

/** Facts of a volume that lies in a file as plain voxels. */
export function flatFacts(
  { layout, voxelSizeAngstrom, originAngstrom, warnings, payload }: FlatVolume,
  given: { readonly format: PeekFormat; readonly version: string; readonly raw: JsonObject },
): PeekFacts {
  const voxelSize = voxelSizeAngstrom.map((size) => finite(size));
  const prefix = `${layout.name}: `;
  const told = warnings.map((warning) => (warning.startsWith(prefix) ? warning.slice(prefix.length) : warning));
  return emptyFacts({
    ...given,
    name: layout.name,
    shape: [...layout.shape],
    axes: ["z", "y", "x"],
    dtype: layout.dtype,
    voxelSize,
    unit: voxelSize.map((size) => (size === null ? null : "Å")),
    offset: voxelSize.map((size, axis) => (size === null ? null : finite(originAngstrom[axis]))),
    channels: 1,
    warnings: payload
      ? [...told, `${payload.compression}: the voxels are compressed as a whole: they are read from front to back only`]
      : told,
    sources: {
      shape: "file",
      dtype: "file",
      channels: "file",
      ...(allKnown(voxelSize) ? { voxelSize: "file", offset: "file" } : {}),
    },
  });
}
