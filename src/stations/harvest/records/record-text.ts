import { plainText } from "../../../core/plain-text.js";
import { alignedRows } from "../../../core/text-table.js";
import { counted, formatBytes } from "../../../core/units.js";
import { nanometresPer, type Quantity, unitSymbol } from "../../../formats/peek/facts.js";
import { type Acquisition, isQuantity, type LocatedRecord } from "./record.js";

type Shown = LocatedRecord & { requests?: number; bytes_fetched?: number };

/** Up to so many records are shown as sections; more as a table. */
const SECTIONS_MAX = 6;
/** The most warnings below a table. */
const WARNINGS_MAX = 20;

/** Records for a terminal: a section each, with aligned facts and the source of uncertain ones, or a table. */
export function recordsText(records: readonly Shown[]): string {
  return records.length > SECTIONS_MAX ? tableOf(records) : records.map(sectionOf).join("\n\n");
}

function tableOf(records: readonly Shown[]): string {
  const rows = records.map((record) => [
    plainText(record.name),
    record.format,
    record.shape.join(" × "),
    record.dtype ?? "?",
    voxelText(record),
    record.warnings.length === 0 ? "" : counted(record.warnings.length, "warning"),
    plainText(record.location),
  ]);
  const lines = alignedRows([["name", "format", "shape", "type", "voxel", "", "location"], ...rows]);
  return [...lines, ...warningsOf(records), ...costOf(records)].join("\n");
}

/** What a row of the table has no room for. */
function warningsOf(records: readonly Shown[]): string[] {
  const all = records.flatMap(({ name, warnings }) => warnings.map((warning) => `  ${plainText(`${name}: ${warning}`)}`));
  const more = all.length - WARNINGS_MAX;
  if (all.length === 0) return [];
  return ["", "warnings:", ...all.slice(0, WARNINGS_MAX), ...(more > 0 ? [`  … and ${more} more; --json has them all`] : [])];
}

/** Images of one file share its requests, which count once. */
function costOf(records: readonly Shown[]): string[] {
  const files = new Map(
    records.flatMap(({ location, requests, bytes_fetched }) =>
      requests === undefined ? [] : [[location, { requests, bytes: bytes_fetched ?? 0 }]],
    ),
  );
  if (files.size === 0) return [];
  const sum = (key: "requests" | "bytes") => [...files.values()].reduce((total, one) => total + one[key], 0);
  return [
    "",
    `${counted(records.length, "image")}: ${formatBytes(sum("bytes"))} fetched in ${counted(sum("requests"), "request")}`,
  ];
}

function sectionOf(record: Shown): string {
  const { name, format, dtype, location, shape, axes, channels, contrast, warnings, requests, bytes_fetched } = record;
  const kind = [
    format,
    dtype ?? "unknown type",
    channels !== null && channels > 1 ? `${counted(channels, "channel")}` : "",
  ].filter(Boolean);
  const facts: [string, string | undefined][] = [
    ["shape", `${shape.join(" × ")}  (${axes.join(", ")})${origin(record, "shape")}`],
    ["voxel", voxelText(record)],
    ["extent", extentText(record)],
    ["offset", offsetText(record)],
    ["contrast", contrast ? `${short(contrast.min)} … ${short(contrast.max)}${origin(record, "contrast")}` : undefined],
    ...Object.entries(record.acquisition).map(([key, fact], at): [string, string] => [
      at === 0 ? "taken with" : "",
      `${key.replaceAll("_", " ")} ${factText(fact)}${origin(record, "acquisition", key)}`,
    ]),
    ["fetched", requests === undefined ? undefined : `${formatBytes(bytes_fetched ?? 0)} in ${counted(requests, "request")}`],
    ...warnings.map((warning): [string, string] => ["warning", plainText(warning)]),
  ];
  const lines = facts.flatMap(([label, text]) => (text === undefined ? [] : [`  ${label.padEnd(11)}${text}`]));
  return [`${plainText(name)}  ${kind.join(", ")}`, `  ${plainText(location)}`, ...lines].join("\n");
}

/** Values of the file get no mark. */
function origin({ sources }: LocatedRecord, field: string, member?: string): string {
  const source = (member === undefined ? undefined : sources[`${field}.${member}`]) ?? sources[field];
  return source === undefined || source === "file" ? "" : source === "web" ? "  (portal)" : "  (derived)";
}

function voxelText(record: LocatedRecord): string {
  const { voxel_size, unit, axes, sources } = record;
  if (voxel_size.every((size) => size === null)) return "unknown";
  const known = unit.filter((one) => one !== null).map(unitSymbol);
  const one = new Set(known).size === 1 && known.length === unit.length ? known[0] : undefined;
  const sizes = voxel_size.map((size, axis) => {
    const web = sources[`voxel_size.${axes[axis]}`] === "web" ? " (portal)" : "";
    return size === null ? "?" : `${short(size)}${one === undefined && unit[axis] ? ` ${unitSymbol(unit[axis])}` : ""}${web}`;
  });
  return `${sizes.join(" × ")}${one === undefined ? "" : ` ${one}`}${origin(record, "voxel_size")}`;
}

/** The size of the whole image in one suitable unit. */
function extentText({ shape, voxel_size, unit, axes }: LocatedRecord): string | undefined {
  const lengths = shape.flatMap((length, axis) => {
    const [size, factor] = [voxel_size[axis], nanometresPer(unit[axis])];
    return ["x", "y", "z"].includes(axes[axis]!) && typeof size === "number" && factor !== undefined
      ? [length * size * factor]
      : [];
  });
  if (lengths.length < 2) return undefined;
  const most = Math.max(...lengths);
  const [factor, name] = most >= 1e6 ? [1e6, "mm"] : most >= 1e3 ? [1e3, "µm"] : [1, "nm"];
  return `${lengths.map((length) => short(length / factor)).join(" × ")} ${name}`;
}

function offsetText(record: LocatedRecord): string | undefined {
  const { offset, format, unit } = record;
  if (offset.every((one) => one === null || one === 0)) return undefined;
  const names = new Set(unit.filter((one) => one !== null).map(unitSymbol));
  const inUnit = format === "precomputed" ? " voxels" : names.size === 1 ? ` ${[...names][0]}` : "";
  return `${offset.map((one) => (one === null ? "?" : short(one))).join(", ")}${inUnit}${origin(record, "offset")}`;
}

export function factText(fact: Acquisition[string]): string {
  if (typeof fact === "string") return fact;
  if (isQuantity(fact)) return quantityText(fact);
  return Object.entries(fact)
    .map(([key, value]) => `${key} ${quantityText(value)}`)
    .join(", ");
}

function quantityText({ value, unit }: Quantity): string {
  // nobody reads 5e-7 s
  return unit === "s" && value > 0 && value < 1e-3 ? `${short(value * 1e6)} µs` : `${short(value)} ${unit}`.trim();
}

/** Six digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
