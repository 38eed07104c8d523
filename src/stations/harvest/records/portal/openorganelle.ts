import type { Json, JsonObject } from "../../../../core/json.js";
import { jsonObject } from "../../../../core/json-fields.js";
import type { Quantity } from "../../../../formats/peek/facts.js";
import { at, listOf, numberOf, objectsOf, sameOf, textOf } from "../../../../portals/fields.js";
import { type Length, nanometres, quantity } from "../quantities.js";
import { byAxis, type FactsReader, type PortalFacts, type SpaceAxis } from "./facts.js";

/** Our names of the page's parameters, which have units in brackets: `Current_(nA)`. */
const PARAMETERS: readonly { key: string; words: RegExp }[] = [
  { key: "beam_energy", words: /primary energy|landing energy|beam energy/i },
  { key: "beam_current", words: /current/i },
  { key: "scan_rate", words: /scan rate/i },
  { key: "bias_voltage", words: /bias/i },
  { key: "imaging_duration", words: /duration/i },
  { key: "dwell_time", words: /dwell/i },
];

const PARTS = ["Acquisition details", "FIB-SEM parameters", "sources"];

export const openorganelleReader: FactsReader = {
  entryOf: (raw) => (PARTS.some((part) => jsonObject(raw[part])) ? raw : undefined),
  read: openorganelleFacts,
};

/** A data set of OpenOrganelle: two sections of its page, and the volume at the location, from manifest or database. */
function openorganelleFacts(raw: JsonObject, location: string): PortalFacts {
  const details = jsonObject(raw["Acquisition details"]) ?? {};
  const find = (words: RegExp) => Object.entries(details).find(([name]) => words.test(plainName(name)));
  const voxel = tripleOf(find(/voxel size/i));
  const whole = tripleOf(find(/^dimensions/i));
  const volume = volumeFacts(raw, location);
  const size = voxel ?? volume.voxelSize;
  const lengths = byAxis((axis) => {
    const [edge, step] = [whole?.[axis], size?.[axis]];
    const [total, one] = [edge && nanometres(edge), step && nanometres(step)];
    return total === undefined || one === undefined ? undefined : Math.round(total / one);
  });
  const acquisition: Record<string, Quantity | string> = {};
  for (const [name, value] of Object.entries(jsonObject(raw["FIB-SEM parameters"]) ?? {})) {
    const parameter = PARAMETERS.find(({ words }) => words.test(plainName(name)));
    const number = numberOf(value);
    const found = parameter && number !== undefined ? quantity(number, unitIn(name)) : undefined;
    if (parameter && found) acquisition[parameter.key] = found;
  }
  const day = dayOf(textOf(find(/start date/i)?.[1]));
  if (day !== undefined) acquisition.date = day;
  // The size of the raw data. Volumes of another resolution name their own.
  return { voxelSize: volume.voxelSize ?? voxel, lengths, lengthsWithin: 1, contrast: volume.contrast, acquisition };
}

/** `Imaging_duration_(days)_` → `Imaging duration`. */
function plainName(name: string): string {
  return name
    .replaceAll("_", " ")
    .replace(/\([^)]*\)/, "")
    .trim();
}

function unitIn(name: string): string {
  const unit = /\(([^)]*)\)/.exec(name)?.[1]?.trim() ?? "";
  return UNITS[unit.toLowerCase()] ?? unit;
}

const UNITS: Readonly<Record<string, string>> = {
  days: "day",
  day: "day",
  hours: "hour",
  volts: "V",
  volt: "V",
  mhz: "MHz",
  ev: "eV",
};

/** ` (4, 4, 2.96) (x, y, z)` under `Final_voxel_size_(nm)`. */
function tripleOf(entry: readonly [string, Json | undefined] | undefined): Partial<Record<SpaceAxis, Length>> | undefined {
  const text = textOf(entry?.[1]);
  const groups = [...(text ?? "").matchAll(/\(([^)]*)\)/g)].map(([, inside]) => inside!.split(",").map((item) => item.trim()));
  const [numbers = [], names = ["x", "y", "z"]] = groups;
  return byAxis((axis) => {
    const value = Number(numbers[names.indexOf(axis)] || Number.NaN);
    return value > 0 && Number.isFinite(value) ? { value, unit: unitIn(entry![0]) } : undefined;
  });
}

interface VolumeFacts {
  voxelSize?: Partial<Record<SpaceAxis, Length>> | undefined;
  contrast?: { min: number; max: number } | undefined;
}

/** The manifest's source, or the database's image, with the location's address. */
function volumeFacts(raw: JsonObject, location: string): VolumeFacts {
  const manifest = objectsOf(Object.values(jsonObject(at(raw, "sources", "manifest", "sources")) ?? {}) as Json[]);
  const row = at(raw, "sources", "dataset");
  const images = [...objectsOf(at(row, "images")), ...objectsOf(at(row, "image"))];
  const path = pathOf(location);
  const found = [...manifest, ...images].find((one) => {
    const own = pathOf(textOf(one.url) ?? "");
    return own !== "" && (path === own || path.startsWith(`${own}/`));
  });
  if (!found) return {};
  const axes = listOf(at(found, "transform", "axes") ?? at(row, "image_acquisition", "grid_axes")).map((axis) => textOf(axis));
  const scale = listOf(at(found, "transform", "scale") ?? found.grid_scale);
  const units = listOf(at(found, "transform", "units") ?? found.grid_units).map((unit) => textOf(unit));
  const isNamed = axes.length === scale.length;
  const unitOfAll = new Set(units).size === 1 ? units[0] : undefined;
  const limits = at(found, "displaySettings", "contrastLimits") ?? at(found, "display_settings", "contrastLimits");
  const [min, max] = [numberOf(at(limits, "start")), numberOf(at(limits, "end"))];
  return {
    voxelSize: byAxis((axis) => {
      // the order of axes without names is a guess, which does not matter where all are of one size
      const value = isNamed ? numberOf(scale[axes.indexOf(axis)]) : sameOf(scale);
      const unit = (isNamed ? units[axes.indexOf(axis)] : undefined) ?? unitOfAll;
      return value === undefined || value <= 0 || unit === undefined ? undefined : { value, unit };
    }),
    contrast: min !== undefined && max !== undefined && min < max ? { min, max } : undefined,
  };
}

/** The key in its bucket, for any form of the address. */
function pathOf(address: string): string {
  const bare = address.replace(/^(?:zarr[23]?|n5|precomputed):\/\//, "").replace(/\/+$/, "");
  const key = /^(?:s3:\/\/[^/]+|https?:\/\/[^/]+)\/(.*)$/.exec(bare)?.[1] ?? "";
  return key.replace(/^janelia-cosem-datasets\//, "");
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Mon Mar 09 2015` → `2015-03-09`. */
function dayOf(text: string | undefined): string | undefined {
  const match = /\b([A-Z][a-z]{2}) (\d{1,2}),? (\d{4})$/.exec(text ?? "");
  const month = match ? MONTHS.indexOf(match[1]!) : -1;
  if (match && month >= 0) return `${match[3]}-${String(month + 1).padStart(2, "0")}-${match[2]!.padStart(2, "0")}`;
  return /^\d{4}-\d{2}-\d{2}/.exec(text ?? "")?.[0];
}
