import type { Json } from "../../src/core/json.js";
import { toNumber } from "../../src/core/number.js";
import { storedMetadata, type Use } from "./stand-in-content.js";
import { type Entry, texts } from "./stand-in-entries.js";
import type { StandInScope } from "./stand-in-finders.js";
import { SPACING, type Values } from "./stand-in-values.js";

const MESHES = ["obj", "stl", "vtk", "glb", "hff"];

/** What a file is for, by the entry that finds it. @param frame asked for when all files are known: what an acquisition file names */
export function useOf(entry: Entry, scope: StandInScope, key: string, values: Values, frame: () => string | undefined): Use {
  const { type, metadata, finder } = entry;
  const spacingAngstrom = Number(scope.spacing ?? SPACING);
  if (finder === "destination_filter") return storedUse(key, scope, conditions(entry.parameters.filters));
  if (key.endsWith("metadata.json")) return storedUse(key, scope);
  switch (type) {
    case "tomogram":
    case "voxel_spacing":
      return { kind: "volume", spacingAngstrom };
    case "tiltseries": {
      const { pixel_spacing: pixel } = metadata;
      return {
        kind: "stack",
        spacingAngstrom: Number(typeof pixel === "string" ? values.cell(pixel, scope) : toNumber(pixel)) || 1.5,
      };
    }
    case "collection_metadata":
      return { kind: "mdoc", frame };
    case "rawtilt":
      return { kind: "angles" };
    case "alignment":
      return { kind: /\.(tlt|tltx|rawtlt)$/.test(key) ? "angles" : "alignment" };
    case "ctf":
      return { kind: "ctf", format: String(metadata.format) };
    case "gain":
    case "frame":
      return { kind: type };
    case "identified_object":
      return { kind: "table", run: scope.run! };
    case "dataset_keyphoto":
    case "deposition_keyphoto":
    case "key_image":
      return { kind: "picture" };
    case "annotation":
      return annotationUse(entry.parameters, scope, values, spacingAngstrom);
  }
  return { kind: "marker" };
}

/** Metadata of what is only referred to. */
export function storedUse(key: string, { run = "", spacing = SPACING }: StandInScope, more: object = {}): Use {
  const document = storedMetadata(key, { deposition: 10000, run, spacingAngstrom: Number(spacing) });
  return { kind: "metadata", document: { ...document, ...more } };
}

/** Files that can be one: a volume is a mask too, and tilt angles are tilt angles under any name. */
export function areAlike(a: Use, b: Use): boolean {
  return a.kind === "marker" || (a.kind === b.kind && (!("format" in a) || a.format === (b as typeof a).format));
}

function annotationUse(parameters: Entry["parameters"], scope: StandInScope, values: Values, spacingAngstrom: number): Use {
  const format = String(parameters.file_format);
  const { binning, filter_value: filter, delimiter, mask_label: label, threshold } = parameters;
  if (format === "mrc" || format === "zarr") {
    const least = toNumber(threshold);
    const one = least === undefined ? (toNumber(label) ?? 1) : Math.max(1, Math.ceil(least));
    return { kind: "volume", spacingAngstrom, labels: [one] };
  }
  if (format === "saber") return { kind: "caption", format };
  if (MESHES.includes(format)) return { kind: "mesh", format };
  return {
    kind: "points",
    format,
    binning: toNumber(binning) ?? 1,
    filter: typeof filter === "string" ? values.format(filter, scope) : undefined,
    delimiter: typeof delimiter === "string" ? delimiter : undefined,
  };
}

/** A document in which every condition of a `destination_filter` holds. */
function conditions(filters: Json | undefined): object {
  const document: Record<string, Json> = {};
  for (const filter of Array.isArray(filters) ? (filters as readonly Record<string, Json>[]) : []) {
    const path = texts(filter.key);
    const last = path.pop()!;
    let at = document;
    for (const member of path) {
      at[member] ??= {};
      at = at[member] as Record<string, Json>;
    }
    at[last] = toNumber(filter.value) ?? filter.value ?? null;
  }
  return document;
}
