import { archiveKeys, portalKeys, RULES } from "./rules.js";

/** Two names and the strictest rule by which they agree: an index into `RULES`. */
interface NamePair {
  readonly archive: string;
  readonly portal: string;
  readonly rank: number;
}

/** A pair that one rule allows and a stronger rule supersedes: reported, never chosen. */
interface Superseded {
  readonly archive: string;
  readonly portal: string;
  readonly rank: number;
  readonly by: "archive" | "portal";
}

export interface NameMatches {
  readonly pairs: readonly NamePair[];
  readonly superseded: readonly Superseded[];
}

const LAST = RULES.length - 1;

/**
 * Matches the names of an archive with the names of a portal.
 *
 * For each name only its strictest matching rule counts. A pair is returned if the rule is the strictest for both names. If a
 * folder's name matches several portal names by the same rule, all of these pairs are returned, even if a portal name has a
 * stricter partner, because the folder may be any of them.
 *
 * One pass over each list for each rule, through indexes: the cost grows with the names and with the pairs that are found, not
 * with their product.
 *
 * @param archive distinct names of folders
 * @param portal distinct names of runs
 */
export function matchNames(archive: readonly string[], portal: readonly string[]): NameMatches {
  const found = new Map<string, Map<string, number>>();
  const bestOfPortal = new Map<string, number>();
  const bestOfArchive = new Map<string, number>();
  const portalKeyLists = portal.map((name) => ({ name, keys: portalKeys(name) }));
  const archiveKeyLists = archive.map((name) => ({ name, keys: archiveKeys(name) }));
  for (let rank = 0; rank <= LAST; rank++) {
    const index = new Map<string, string[]>();
    for (const { name, keys } of portalKeyLists) {
      // the last rule is a guess: it is ignored for names with a stricter partner
      if (rank === LAST && bestOfPortal.has(name)) continue;
      for (const key of new Set(keys[rank])) {
        const names = index.get(key);
        if (names) names.push(name);
        else index.set(key, [name]);
      }
    }
    for (const { name, keys } of archiveKeyLists) {
      if (rank === LAST && bestOfArchive.has(name)) continue;
      for (const key of keys[rank]!) {
        for (const other of index.get(key) ?? []) {
          if (found.get(name)?.has(other)) continue;
          const partners = found.get(name) ?? new Map<string, number>();
          found.set(name, partners.set(other, rank));
        }
      }
    }
    for (const [name, partners] of found) {
      for (const [other, at] of partners) {
        if (at !== rank) continue;
        if (!bestOfArchive.has(name)) bestOfArchive.set(name, rank);
        if (!bestOfPortal.has(other)) bestOfPortal.set(other, rank);
      }
    }
  }
  return settle(found, bestOfArchive, bestOfPortal);
}

function settle(
  found: ReadonlyMap<string, ReadonlyMap<string, number>>,
  bestOfArchive: ReadonlyMap<string, number>,
  bestOfPortal: ReadonlyMap<string, number>,
): NameMatches {
  const superseded: Superseded[] = [];
  const pairs: NamePair[] = [];
  for (const [archive, partners] of found) {
    const best = bestOfArchive.get(archive)!;
    const several = [...partners.values()].filter((rank) => rank === best).length > 1;
    for (const [portal, rank] of partners) {
      if (rank > best) superseded.push({ archive, portal, rank, by: "archive" });
      else if (bestOfPortal.get(portal)! < rank && !several) superseded.push({ archive, portal, rank, by: "portal" });
      else pairs.push({ archive, portal, rank });
    }
  }
  return { pairs, superseded };
}
