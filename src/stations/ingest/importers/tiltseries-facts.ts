import type { JsonObject } from "../../../core/json.js";
import { toNumber } from "../../../core/number.js";
import { once } from "../../../core/once.js";
import { expandValue, parseFloating } from "../config/expand.js";
import { rethrowCancelled } from "../draft.js";
import type { Scope } from "../finders/scope.js";
import type { VolumeSource } from "../volume-source.js";
import type { PlanContext } from "./context.js";
import { findSection } from "./sections.js";

/** Pixel size and image size of a tilt series, which an alignment in Å needs. Each is looked up on demand, once. */
export interface TiltseriesFacts {
  /** Å of a pixel as configured, else as the header says; undefined where neither says it. */
  pixelAngstrom(): Promise<number | undefined>;
  /** Pixels of one section. */
  imagePixels(): Promise<readonly [x: number, y: number] | undefined>;
}

/** Facts of the first tilt series that is found for a run. Faults of its file are reported where the tilt series is planned. */
export function tiltseriesFacts(context: PlanContext, scope: Scope, runName: string): TiltseriesFacts {
  const item = once(async () =>
    (await findSection(context, "tiltseries", scope)).items.find(({ key, atTarget }) => key !== null && !atTarget),
  );
  const volume = once(async (): Promise<VolumeSource | undefined> => {
    const found = await item();
    try {
      return found && (await context.volumes.read(found.key!, found.folder));
    } catch (error) {
      rethrowCancelled(error);
      return undefined;
    }
  });
  return {
    pixelAngstrom: once(async () => {
      const found = await item();
      const expansion = { row: scope.row, run: runName, compat: context.compat };
      const metadata = found?.block.metadata ? (expandValue(found.block.metadata, expansion) as JsonObject) : {};
      const given = metadata.pixel_spacing;
      const value = typeof given === "string" ? parseFloating(given)?.value : toNumber(given);
      return value !== undefined && value > 0 ? value : (await volume())?.voxelSizeAngstrom;
    }),
    imagePixels: once(async () => {
      const shape = (await volume())?.shape;
      return shape && ([shape[2], shape[1]] as const);
    }),
  };
}
