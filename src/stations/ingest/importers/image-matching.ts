import { endsOf } from "../../../formats/registry.js";
import type { AcquiredSection } from "./frame-doses.js";

/** An image as a file of another program identifies it. */
export interface NamedImage {
  /** Paths or names of its movie and of what was made of it. */
  readonly imageNames: readonly string[];
  readonly tiltAngleDegrees?: number | undefined;
}

/** Degrees that an angle of a stage may be away from the one in the mdoc: less than half of any step. */
const TOLERANCE_DEGREES = 0.25;

/**
 * Finds the section of the tilt series for each image: by the name of its movie, otherwise by its angle. Programs that exclude
 * images, or keep them in the order of acquisition, number them differently.
 *
 * @param sections sections of the tilt series, in the order of the stack.
 * @returns indices in `sections`, or undefined if not every image has a section of its own.
 */
export function matchImages(images: readonly NamedImage[], sections: readonly AcquiredSection[]): number[] | undefined {
  return byName(images, sections) ?? byAngle(images, sections);
}

function byName(images: readonly NamedImage[], sections: readonly AcquiredSection[]): number[] | undefined {
  const places = new Map<string, number>();
  for (const [place, { section }] of sections.entries()) {
    if (section.subFrameName !== undefined) places.set(stem(section.subFrameName), place);
  }
  if (places.size < sections.length) return undefined;
  return allDistinct(
    images.map(({ imageNames }) => imageNames.map((name) => places.get(stem(name))).find((place) => place !== undefined)),
  );
}

function byAngle(images: readonly NamedImage[], sections: readonly AcquiredSection[]): number[] | undefined {
  const pairs = images.flatMap(({ tiltAngleDegrees: angle }, image) =>
    sections.flatMap(({ section: { tiltAngleDegrees: other } }, place) => {
      if (angle === undefined || other === undefined) return [];
      const distance = Math.abs(angle - other);
      return distance <= TOLERANCE_DEGREES ? [{ image, place, distance }] : [];
    }),
  );
  pairs.sort((a, b) => a.distance - b.distance || a.image - b.image || a.place - b.place);
  const found = new Array<number | undefined>(images.length).fill(undefined);
  const taken = new Set<number>();
  for (const { image, place } of pairs) {
    if (found[image] !== undefined || taken.has(place)) continue;
    found[image] = place;
    taken.add(place);
  }
  return allDistinct(found);
}

function allDistinct(places: readonly (number | undefined)[]): number[] | undefined {
  const known = places.filter((place) => place !== undefined);
  return known.length === places.length && new Set(known).size === known.length ? known : undefined;
}

/** EER is a kind of TIFF that has an extension of its own. */
const EXTENSION = new RegExp(`\\.(?:${endsOf(({ peek }) => peek)}|gz|bz2|zst)$`, "i");

/** File name without folders and extension, in lower case. */
function stem(path: string): string {
  return path.split(/[\\/]/).at(-1)!.replace(EXTENSION, "").toLowerCase();
}
