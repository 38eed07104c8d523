import type { Json, JsonObject } from "../core/json.js";
import { jsonObject } from "../core/json-fields.js";
import { nanometresPer } from "../formats/peek/facts.js";
import { at, listOf, numberOf, objectsOf, sameOf, textOf } from "./fields.js";

/** Heading → name → text: the form that the reference program scrapes off the page, values with their leading blank. */
export type Sections = Record<string, Record<string, string>>;

const BUCKET = "s3://janelia-cosem-datasets";

interface Facts {
  start: Json | undefined;
  spacing: readonly (number | undefined)[];
  spacingUnit: string | undefined;
  dimensions: readonly (number | undefined)[];
  dimensionsUnit: string | undefined;
  addresses: readonly (readonly [name: string, address: string])[];
  fibsem: readonly (readonly [name: string, value: Json | undefined])[];
}

/** The page's two sections out of a manifest of `fibsem-metadata`. */
export function manifestSections(id: string, manifest: JsonObject): Sections {
  const metadata = at(manifest, "metadata");
  const imaging = at(metadata, "imaging");
  const xyz = (key: string) => ["x", "y", "z"].map((axis) => numberOf(at(imaging, key, "values", axis)));
  return sectionsOf(textOf(at(metadata, "id")) ?? id, {
    start: at(imaging, "startDate"),
    spacing: xyz("gridSpacing"),
    spacingUnit: textOf(at(imaging, "gridSpacing", "unit")),
    dimensions: xyz("dimensions"),
    dimensionsUnit: textOf(at(imaging, "dimensions", "unit")),
    addresses: [...named(at(metadata, "DOI")), ...named(at(metadata, "publications"))],
    fibsem: [
      ["Imaging duration (days) ", at(imaging, "duration")],
      ["Bias (Volts)", at(imaging, "biasVoltage")],
      ["Scan rate (MHz)", at(imaging, "scanRate")],
      ["Current (nA)", at(imaging, "current")],
      ["Primary energy (eV)", at(imaging, "primaryEnergy")],
    ],
  });
}

/** The same out of a row of the site's database, whose axes have names and whose scan rate is in hertz. */
export function tableSections(id: string, row: JsonObject): Sections {
  const acquisition = objectsOf(row.image_acquisition)[0] ?? {};
  const source =
    objectsOf(row.images ?? row.image)
      .map((image) => jsonObject(image.source))
      .find((found) => found !== undefined) ?? {};
  const axes = listOf(acquisition.grid_axes).map((axis) => textOf(axis)?.toLowerCase());
  const xyz = (values: Json | undefined) =>
    ["x", "y", "z"].map((axis) => {
      const numbers = listOf(values);
      // the order of axes without names is a guess, which does not matter where their numbers are equal
      const own = axes.includes(axis) ? numberOf(numbers[axes.indexOf(axis)]) : sameOf(numbers);
      return own ?? numberOf(at(values, axis));
    });
  const hertz = numberOf(source.scan_hz);
  return sectionsOf(textOf(row.name) ?? id, {
    start: acquisition.start_date,
    spacing: xyz(acquisition.grid_spacing),
    spacingUnit: textOf(acquisition.grid_spacing_unit),
    dimensions: xyz(acquisition.grid_dimensions),
    dimensionsUnit: textOf(acquisition.grid_dimensions_unit),
    addresses: named(row.publication),
    fibsem: [
      ["Imaging duration (days) ", source.duration_days],
      ["Bias (Volts)", source.bias_V],
      ["Scan rate (MHz)", hertz === undefined ? undefined : hertz / 1e6],
      ["Current (nA)", source.current_nA],
      ["Primary energy (eV)", source.landing_energy_eV],
    ],
  });
}

function sectionsOf(id: string, facts: Facts): Sections {
  const details: [string, string | undefined][] = [
    ["Imaging start date", dayOf(facts.start)],
    ["Final voxel size (nm)", tripleOf(facts.spacing, facts.spacingUnit)],
    ["Dimensions (nm)", tripleOf(facts.dimensions, facts.dimensionsUnit)],
    ["Dataset ID", ` ${id}`],
    ...facts.addresses.map(([name, address]): [string, string] => [name, address]),
    ["Dataset location", ` ${BUCKET}/${id}/`],
  ];
  const fibsem = facts.fibsem.map(([name, value]): [string, string | undefined] => {
    const number = numberOf(value);
    return [name, number === undefined ? undefined : ` ${number}`];
  });
  const sections: Sections = { "Acquisition details": collected(details) };
  const parameters = collected(fibsem);
  if (Object.keys(parameters).length > 0) sections["FIB-SEM parameters"] = parameters;
  return sections;
}

function collected(pairs: readonly (readonly [string, string | undefined])[]): Record<string, string> {
  return Object.fromEntries(pairs.flatMap(([name, text]) => (text === undefined ? [] : [[name.replaceAll(" ", "_"), text]])));
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `2015-03-09` → ` Mon Mar 09 2015`: a day has no time zone. */
function dayOf(value: Json | undefined): string | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(textOf(value) ?? "");
  if (!match) return undefined;
  const date = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  if (Number.isNaN(date.getTime()) || date.getUTCMonth() !== Number(match[2]) - 1) return undefined;
  return ` ${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${match[3]} ${match[1]}`;
}

function tripleOf(values: readonly (number | undefined)[], unit: string | undefined): string | undefined {
  const factor = nanometresPer(unit);
  if (factor === undefined || values.some((value) => value === undefined)) return undefined;
  // Twelve digits: more than anyone measures, fewer than a product of two decimals shows by chance.
  return ` (${values.map((value) => Number((value! * factor).toPrecision(12))).join(", ")}) (x, y, z)`;
}

/** `{id, DOI}` of manifests, `{title, href}` of their publications, `{name, url}` of the database; a bare DOI names itself. */
function named(value: Json | undefined): [string, string][] {
  return listOf(value).flatMap((item): [string, string][] => {
    const bare = textOf(item);
    const object = jsonObject(item);
    const address = bare ?? textOf(object?.DOI) ?? textOf(object?.doi) ?? textOf(object?.href) ?? textOf(object?.url);
    if (address === undefined) return [];
    const full = /^https?:/i.test(address) ? address : `https://doi.org/${address.replace(/^doi:\s*/i, "")}`;
    return [[textOf(object?.title) ?? textOf(object?.name) ?? textOf(object?.id) ?? address, full]];
  });
}

/** A source of a manifest or image of the database as a link: `zarr://s3://bucket/key`. */
export function sourceLink(source: JsonObject): string[] {
  const url = textOf(source.url);
  if (url === undefined) return [];
  const location = url
    .replace(/^https:\/\/janelia-cosem-datasets\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com\//i, `${BUCKET}/`)
    .replace(/^https:\/\/s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com\/janelia-cosem-datasets\//i, `${BUCKET}/`)
    .replace(/\/+$/, "");
  const format = /^(?:zarr[23]?|n5|precomputed)$/.exec((textOf(source.format) ?? "").toLowerCase())?.[0];
  const bare = /^[a-z0-9]+:\/\/[a-z0-9]+:\/\//i.test(location);
  return [format === undefined || bare ? location : `${format}://${location}`];
}
