import { nearby } from "../common/nearby.js";
import { areSameParticles, NUMBERS_OF_ROW, type ParticleList } from "../common/particles.js";
import type { Tomogram } from "./tomogram.js";

/** A list with the places of its particles, in Å. */
export interface Placed {
  readonly list: ParticleList;
  readonly runs: ReadonlySet<string>;
  /** x, y, z of each particle by its tomogram, of so many rows as are compared. */
  readonly places: ReadonlyMap<string, Float64Array>;
}

/** Particles of a list that are looked for in another one, at most. */
const COMPARED_MAX = 1_000;

/**
 * Where the particles of a list are: Å from the centre of the tomogram, its origins subtracted; from the corner where nothing says its size.
 *
 * Source: `ParticleSet::getPosition` in RELION's `particle_set.cpp`. Rotations of subtomograms are left out: they turn origins, which are short.
 */
export function placed(list: ParticleList, tomogramOf: (name: string) => Tomogram | undefined): Placed {
  const places = new Map<string, Float64Array>();
  for (const [name, numbers] of list.numbers) {
    const { pixelAngstrom, sizePixels, run } = tomogramOf(name) ?? {};
    const pixel = list.coordinates === "centred" ? 1 : (list.tiltPixelAngstrom ?? pixelAngstrom);
    if (pixel === undefined) continue;
    const isFromCorner = list.coordinates !== "centred" && sizePixels === undefined;
    const shift = list.coordinates === "centred" ? undefined : sizePixels;
    const own = new Float64Array((numbers.length / NUMBERS_OF_ROW) * 3);
    for (let at = 0; at < own.length; at++) {
      const row = NUMBERS_OF_ROW * Math.floor(at / 3) + (at % 3);
      own[at] = (numbers[row]! - (shift?.[at % 3] ?? 0) / 2) * pixel - numbers[row + 3]!;
    }
    places.set(`${run ?? name}${isFromCorner ? "\0corner" : ""}`, own);
  }
  return { list, runs: new Set([...list.numbers.keys()].map((name) => tomogramOf(name)?.run ?? name)), places };
}

/** Whether at least half of the shorter list is in the other one: with the coordinates that it has there, or where an alignment moved it. */
export function areSame(a: Placed, b: Placed): boolean {
  if (![...a.runs].some((run) => b.runs.has(run))) return false;
  if (areSameParticles(a.list, b.list)) return true;
  const [small, large] = a.list.rows <= b.list.rows ? [a, b] : [b, a];
  let [compared, found] = [0, 0];
  for (const [tomogram, own] of small.places) {
    const others = large.places.get(tomogram);
    const isNear = others && nearby(others);
    const step = Math.max(1, Math.ceil(own.length / 3 / COMPARED_MAX));
    for (let at = 0; at < own.length; at += 3 * step) {
      compared++;
      if (isNear?.(own, at)) found++;
    }
  }
  return compared > 0 && found * 2 >= compared;
}
