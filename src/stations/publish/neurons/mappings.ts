import { EmporiumError } from "../../../core/errors.js";
import type { BrainArea, Injection } from "./browser.js";

/** The service's data about a neuron. */
export interface MappedNeuron {
  readonly id: string;
  /** The injection areas of a neuron, in their order, each once. */
  readonly areas: readonly string[];
}

export interface Mappings {
  /** Neurons by date, then by tag. */
  readonly dates: ReadonlyMap<string, ReadonlyMap<string, MappedNeuron>>;
  /** Area of the last injection of a date. The reference gives it to every neuron of the date. */
  readonly lastAreas: ReadonlyMap<string, string | undefined>;
  readonly warnings: readonly string[];
}

/**
 * @param zone IANA name; a sample's date is that of the day there.
 * @throws {EmporiumError} CONFIG_FIELD for an unknown zone.
 */
export function mapNeurons(injections: readonly Injection[], zone: string): Mappings {
  const dateOf = dateIn(zone);
  const dates = new Map<string, Map<string, { id: string; areas: string[] }>>();
  const lastAreas = new Map<string, string | undefined>();
  const warnings: string[] = [];
  for (const { sampleMs, neurons, area } of injections) {
    const date = dateOf(sampleMs);
    if (date === undefined) {
      warnings.push(`an injection has the sample date ${sampleMs}, which is none`);
      continue;
    }
    const tags = dates.get(date) ?? new Map<string, { id: string; areas: string[] }>();
    dates.set(date, tags);
    lastAreas.set(date, area);
    for (const { id, tag } of neurons) {
      const before = tags.get(tag);
      if (before && before.id !== id) warnings.push(`${date}: the tag ${tag} is ${before.id} and ${id}, the later one is taken`);
      const known = before?.id === id ? before : { id, areas: [] };
      if (area !== undefined && !known.areas.includes(area)) known.areas.push(area);
      tags.set(tag, known);
    }
  }
  return { dates, lastAreas, warnings };
}

/** The day in a time zone, `YYYY-MM-DD`; undefined for a time outside the years 0 to 9999. */
export function dateIn(zone: string): (ms: number) => string | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    });
  } catch (cause) {
    throw new EmporiumError("CONFIG_FIELD", `"${zone}" is not a time zone; expected a name such as America/New_York`, {
      place: { path: "neurons.timezone" },
      cause,
    });
  }
  return (ms) => {
    if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return undefined;
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    const date = `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
    return /^\d{4}-\d\d-\d\d$/.test(date) ? date : undefined;
  };
}

/** The areas above each named area, the nearest first. */
export interface AreaTree {
  /** @param text an area's name, also with a remark behind a comma: `Secondary motor area, layer 5` */
  ancestors(text: string): string[] | undefined;
  readonly warnings: readonly string[];
}

/** The reference stops at a name that comes twice or holds a comma. Here it is reported, and all others continue. */
export function areaTree(areas: readonly BrainArea[]): AreaTree {
  const byId = new Map(areas.map((area) => [area.id, area]));
  const byName = new Map<string, BrainArea>();
  const warnings: string[] = [];
  for (const [at, area] of areas.entries()) {
    if (byName.has(area.name)) warnings.push(`${area.name} is duplicated (row ${at + 1} of brainAreas)`);
    else byName.set(area.name, area);
    if (area.name.includes(",")) warnings.push(`${area.name} has a comma (row ${at + 1} of brainAreas)`);
  }
  return {
    warnings,
    ancestors(text) {
      const start = byName.get(text) ?? byName.get(text.split(",", 1)[0]!.trim());
      if (!start) return undefined;
      const above: string[] = [];
      const seen = new Set([start.id]);
      for (let area = parentOf(start); area && !seen.has(area.id); area = parentOf(area)) {
        seen.add(area.id);
        above.push(area.name);
      }
      return above;
    },
  };

  function parentOf({ parentId }: BrainArea): BrainArea | undefined {
    return parentId === undefined ? undefined : byId.get(parentId);
  }
}
