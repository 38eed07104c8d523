import type { Claim, GoneGain, Question } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, folderOf, tailFinder } from "../common/paths.js";
import { type Pipeline, readPipeline } from "./pipeline.js";
import { below, isBelow, jobOf, type Place, placeOf } from "./places.js";

/** One project of RELION. */
export interface Project {
  /** Its folder, to which the paths in its STAR files are relative. */
  readonly root: string;
  readonly pipeline: Pipeline;
  /**
   * The file that a STAR file of the project names: below the folder of the project, or where its path ends alike.
   *
   * @param fits only such files count
   */
  find(name: string, fits?: (path: string) => boolean): string | undefined;
}

/** What is known while claims are made. */
export interface Found {
  readonly laboratory: Laboratory;
  readonly projects: readonly Project[];
  readonly claims: Claim[];
  readonly questions: Question[];
  readonly notes: string[];
  readonly goneGains: GoneGain[];
  /** Files in folders of jobs. */
  readonly places: readonly (Place & { readonly path: string })[];
  /** The project whose folder a path lies below; of one within another the inner one. */
  projectOf(path: string): Project | undefined;
  /** Adds a claim, unless the file has one already. */
  claim(claim: Claim): void;
  leave(path: string, because: string, run?: string): void;
  /** Adds a question; nothing else is claimed of its files. */
  ask(question: Question): void;
  isTaken(path: string): boolean;
}

/** Every project of a folder: by the list of its jobs, or by folders of jobs with STAR files. Undefined where there is none. */
export async function findProjects(laboratory: Laboratory): Promise<Found | undefined> {
  const roots = rootsOf(laboratory);
  if (roots.length === 0) return undefined;
  const rootOf = (path: string) => roots.find((root) => isBelow(root, path));
  const finder = tailFinder(laboratory.files.map(({ path }) => path));
  const projects = await Promise.all(
    roots.map(async (root): Promise<Project> => {
      const isOwn = (path: string) => [root, undefined].includes(rootOf(path));
      return {
        root,
        pipeline: await readPipeline(laboratory, root),
        find(name, fits = () => true) {
          const plain = plainName(name);
          const own = plain === undefined ? undefined : below(root, plain);
          if (own !== undefined && laboratory.get(own) && fits(own)) return own;
          if (plain === undefined) return undefined;
          // jobs call their files alike: one of another job is no replacement, and neither is one that was deleted
          const job = jobOf(plain);
          const mayBe = (path: string) => {
            const place = placeOf(path);
            return place === undefined || (place.job === job && !place.isDeleted);
          };
          return finder.find(plain, root, (path) => isOwn(path) && mayBe(path) && fits(path));
        },
      };
    }),
  );
  const claims: Claim[] = [];
  const taken = new Set<string>();
  const questions: Question[] = [];
  const claim = (one: Claim) => {
    if (taken.has(one.path)) return;
    taken.add(one.path);
    claims.push(one);
  };
  return {
    laboratory,
    projects,
    claims,
    questions,
    goneGains: [],
    notes: projects.flatMap(({ pipeline }) => pipeline.fault ?? []),
    places: laboratory.files.flatMap(({ path }) => {
      const place = placeOf(path);
      return place ? [{ ...place, path }] : [];
    }),
    projectOf: (path) => projects.find(({ root }) => isBelow(root, path)),
    claim,
    leave: (path, because, run) => claim({ path, role: "left out", run, because, strength: "bookkeeping" }),
    ask(question) {
      for (const path of question.files) taken.add(path);
      questions.push(question);
    },
    isTaken: (path) => taken.has(path),
  };
}

/** The innermost first. */
function rootsOf(laboratory: Laboratory): string[] {
  const roots = new Set<string>();
  for (const { path } of laboratory.files) {
    if (baseName(path) === "default_pipeline.star") roots.add(folderOf(path));
    const place = placeOf(path);
    if (place && /\.star$/i.test(path)) roots.add(place.root);
  }
  return [...roots].sort((a, b) => b.length - a.length);
}

/** `000003@stack.mrcs` is an image of a stack, `TS_01.mrc:mrc` tells its format; `None`, `N/A` and an empty text name nothing. */
export function plainName(name: string): string | undefined {
  const plain = name
    .replace(/^\d+@/, "")
    .replace(/:mrcs?$/i, "")
    .trim();
  return plain === "" || /^(?:none|n\/a|null)$/i.test(plain) ? undefined : plain;
}
