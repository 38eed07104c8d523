import { counted } from "../../core/units.js";
import type { ImageJDescription } from "../tiff/image-j.js";
import type { OmeImage } from "../tiff/ome-xml.js";
import type { VendorFacts } from "../tiff/vendor.js";

/** Statements of a TIFF on the size of its pixels, from all the places that can hold one. */
export interface TiffCalibration {
  /** Tags 282 and 283: pixels per unit. */
  xResolution: readonly [numerator: number, denominator: number] | undefined;
  yResolution: readonly [numerator: number, denominator: number] | undefined;
  /** Tag 296: 1 none, 2 inch, 3 centimetre. */
  resolutionUnit: number;
  imageJ: ImageJDescription | undefined;
  ome: OmeImage | undefined;
  vendor: VendorFacts | undefined;
}

export interface VoxelFacts {
  /** `[z, y, x]`, each in its own unit; null if unknown. z is never taken from x and y. */
  voxelSize: [number | null, number | null, number | null];
  unit: [string | null, string | null, string | null];
  warnings: string[];
}

/** Pixels larger than this in a file of microscopy are dots of a printer: 64, 72, 96, 150, 300 per inch. */
const PRINT_NANOMETRES = 20_000;
const NANOMETRES: Readonly<Record<number, number>> = { 2: 25.4e6, 3: 1e7 };
const UNITS: Readonly<Record<number, string>> = { 2: "inch", 3: "cm" };

/** OME's physical sizes count before ImageJ's calibration, that before the maker's tags, those before the resolution tags. */
export function tiffVoxelSize(calibration: TiffCalibration): VoxelFacts {
  const { ome, imageJ, vendor } = calibration;
  const result: VoxelFacts = { voxelSize: [null, null, null], unit: [null, null, null], warnings: [] };
  const set = (axis: 0 | 1 | 2, size: number | undefined, unit: string) => {
    if (result.voxelSize[axis] !== null || size === undefined || !(size > 0) || !Number.isFinite(size)) return;
    result.voxelSize[axis] = size;
    result.unit[axis] = unit;
  };
  ome?.physicalSize.forEach((size, axis) => {
    if (size) set(axis as 0 | 1 | 2, size.value, size.unit);
  });
  const [x, y] = [pixelSize(calibration.xResolution), pixelSize(calibration.yResolution)];
  if (imageJ?.unit !== undefined) {
    set(2, x, imageJ.unit);
    set(1, y, imageJ.unit);
    set(0, imageJ.spacing, imageJ.unit);
  }
  if (vendor?.pixelSize) {
    set(2, vendor.pixelSize.x, vendor.pixelSize.unit);
    set(1, vendor.pixelSize.y, vendor.pixelSize.unit);
  }
  const unit = UNITS[calibration.resolutionUnit];
  if (unit === undefined || imageJ?.unit !== undefined) return result;
  for (const [axis, size] of [
    [2, x],
    [1, y],
  ] as const) {
    if (size === undefined || result.voxelSize[axis] !== null) continue;
    if (size * NANOMETRES[calibration.resolutionUnit]! <= PRINT_NANOMETRES) set(axis, size, unit);
    else if (result.warnings.length === 0) {
      result.warnings.push(
        `print-resolution: ${counted(round(1 / size), "pixel")} per ${unit} are a printer's setting, no pixel size`,
      );
    }
  }
  return result;
}

function pixelSize(resolution: readonly [number, number] | undefined): number | undefined {
  if (!resolution || !(resolution[0] > 0) || !(resolution[1] > 0)) return undefined;
  return resolution[1] / resolution[0];
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}
