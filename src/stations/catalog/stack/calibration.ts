import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject, member } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";

/** Sizes of pixels and slices, µm; undefined if metadata have none, or 0, which MicroManager writes for none. */
export interface Calibration {
  readonly pixelMicrometre: number | undefined;
  readonly sliceMicrometre: number | undefined;
}

/** From MicroManager's `Summary`, at the top of the metadata or inside ImageJ's. */
export function calibrationOf(metadata: JsonObject | null): Calibration {
  const inner = metadata ? member(metadata, "IJMetadata") : undefined;
  const holders = [metadata ?? undefined, inner].flatMap((holder) => {
    const summary = isJsonObject(holder) ? member(holder, "Summary") : undefined;
    return [summary, holder].filter(isJsonObject);
  });
  const first = (...keys: string[]) => {
    for (const holder of holders) {
      for (const key of keys) {
        const value = Math.abs(toNumber(member(holder, key) as Json) ?? 0);
        if (value > 0 && Number.isFinite(value)) return value;
      }
    }
    return undefined;
  };
  return { pixelMicrometre: first("PixelSize_um", "PixelSizeUm"), sliceMicrometre: first("z-step_um", "zStep_um") };
}
