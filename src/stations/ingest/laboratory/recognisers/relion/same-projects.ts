import { keyOf } from "../../../../../core/groups.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { type ParticleList, readParticleList, seriesStem } from "../common/particles.js";
import { placeOf } from "./places.js";
import type { Found, Project } from "./project.js";
import { areSame, type Placed, placed } from "./same-particles.js";
import type { Tomogram } from "./tomogram.js";

/** Lists of a project that are compared, the latest jobs first. */
const LISTS_MAX = 6;
/** Fewer may lie at the same places by chance. */
const ROWS_MIN = 3;

/**
 * Projects that name no files which could be compared, the one stacks and the other tomograms, and that have the same particles in tomograms of the same
 * names: such as one of RELION 4 which somebody went on with in RELION 5. Particles of two specimens are at other places.
 */
export async function haveSameParticles(
  found: Found,
  pairs: readonly (readonly [Project, Project])[],
  tomograms: readonly Omit<Tomogram, "run">[],
): Promise<(a: Project, b: Project) => boolean> {
  const same = new Set<string>();
  const known = new Map<Project, Promise<readonly Placed[]>>();
  const listsOf = (project: Project) => {
    const lists = known.get(project) ?? placedLists(found, project, tomograms);
    known.set(project, lists);
    return lists;
  };
  for (const [a, b] of pairs) {
    const [some, others] = await Promise.all([listsOf(a), listsOf(b)]);
    if (some.some((one) => others.some((other) => areSame(one, other))))
      same.add(keyOf(a.root, b.root)).add(keyOf(b.root, a.root));
  }
  return (a, b) => same.has(keyOf(a.root, b.root));
}

async function placedLists(found: Found, project: Project, tomograms: readonly Omit<Tomogram, "run">[]): Promise<Placed[]> {
  const own = new Map(tomograms.flatMap((one) => (one.project === project ? [[seriesStem(one.name), one] as const] : [])));
  const jobOf = (path: string) => placeOf(path)?.number ?? -1;
  const paths = found.laboratory.files
    .filter(({ path, format }) => /\.star$/i.test(path) && format === "text" && found.projectOf(path) === project)
    .map(({ path }) => path)
    .sort((a, b) => jobOf(b) - jobOf(a));
  const lists: Placed[] = [];
  for (const path of paths) {
    if (lists.length >= LISTS_MAX) break;
    const list = await particlesIn(found.laboratory, path);
    if (list === undefined || list.rows < ROWS_MIN) continue;
    // both have the names of the tables: these are what is compared
    lists.push(
      placed(list, (name) => {
        const tomogram = own.get(seriesStem(name));
        return tomogram && { ...tomogram, run: seriesStem(name) };
      }),
    );
  }
  return lists;
}

async function particlesIn(laboratory: Laboratory, path: string): Promise<ParticleList | undefined> {
  const list = await readParticleList(laboratory, path);
  return list && !("reason" in list) && (list.coordinates === "centred" || list.coordinates === "pixels") ? list : undefined;
}
