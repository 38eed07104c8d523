import type { Place } from "../../../core/errors.js";
import type { Source } from "../config/schema.js";

/** The glob of a source as it is written; several are joined by commas, and "" stands for none. */
export function globText({ finder }: Source): string {
  if (finder?.kind === "source_glob" || finder?.kind === "destination_glob") return String(finder.glob.value);
  return finder?.kind === "source_multi_glob" ? finder.globs.map(({ value }) => String(value)).join(", ") : "";
}

/** Place of a source's glob, for messages about files that it does not find. */
export function placeOfFinder(source: Source): Place {
  const finder = source.finder as { place: Place; glob?: { place: Place } } | undefined;
  return finder?.glob?.place ?? finder?.place ?? source.place;
}
