import type { Claim, Recogniser } from "../../claims.js";
import { within } from "../common/paths.js";
import { importsOf, leaveOtherPixels } from "./imports.js";
import { leaveAliases, leaveFiles } from "./jobs.js";
import { claimLists } from "./lists.js";
import { placeOf } from "./places.js";
import { type Found, findProjects, type Project } from "./project.js";
import { joinedQuestions } from "./questions.js";
import { claimSeries } from "./series.js";
import type { Tomogram } from "./tomogram.js";
import { readTomograms } from "./tomograms.js";
import { claimCalledVolumes, claimNamedVolumes, claimOtherVolumes, leaveSecondVolumes } from "./volumes.js";

/**
 * RELION 4 and 5: a project is a folder with `default_pipeline.star` and folders of jobs. STAR files of tomograms name tilt series, frames and tomograms by
 * paths below the project; each job writes the list of its particles anew.
 *
 * Source: https://relion.readthedocs.io/en/release-5.0/STA_tutorial/index.html, https://relion.readthedocs.io/en/release-4.0/Reference/STA/, and
 * `metadata_label.h`, `pipeline_jobs.cpp`, `particle_set.cpp` and `reconstruct_tomogram.cpp` of https://github.com/3dem/relion
 */
export const relion: Recogniser = {
  id: "relion",
  software: "RELION",
  async recognise(laboratory) {
    const found = await findProjects(laboratory);
    if (!found) return undefined;
    const tomograms = await readTomograms(found);
    claimNamedVolumes(found, tomograms);
    claimCalledVolumes(found, tomograms);
    const imports = await importsOf(found, tomograms);
    leaveOtherPixels(found, tomograms, imports);
    leaveSecondVolumes(found);
    await claimSeries(found, tomograms, imports);
    await leaveAliases(found);
    const { open, isVersion5 } = await claimLists(found, tomograms, imports);
    await claimOtherVolumes(found, tomograms);
    for (const { rows } of tomograms) for (const { star } of rows) found.leave(star, "a table of tomograms of RELION");
    leaveFiles(found, open);
    const { claims, questions, notes, goneGains } = found;
    const software = softwareOf(found.projects, tomograms, isVersion5);
    return {
      ...{ software, by: knownBy(found), notes, goneGains },
      claims: claims.map(withProgram(found, tomograms, isVersion5)),
      questions: joinedQuestions(questions),
    };
  },
};

/** Of several projects each has its version; a list beside them is of whatever program wrote it in RELION's columns. */
function withProgram(
  { projects, projectOf }: Found,
  tomograms: readonly Tomogram[],
  isVersion5: boolean,
): (claim: Claim) => Claim {
  const versions = new Map(
    projects.map((project) => {
      const own = tomograms.filter((one) => one.project === project);
      return [project, softwareOf([project], own, isVersion5 && projects.length === 1)] as const;
    }),
  );
  return (claim) => {
    const project = projectOf(claim.path);
    if (claim.role === "points" && !placeOf(claim.path) && !project) return { ...claim, software: "" };
    return project && projects.length > 1 ? { ...claim, software: versions.get(project)! } : claim;
  };
}

/** As the projects say it; where none does, by its tables: since version 5 tilt series have some of their own, and particles stacks. */
function softwareOf(projects: readonly Pick<Project, "pipeline">[], tomograms: readonly Tomogram[], isVersion5: boolean): string {
  const versions = [...new Set(projects.flatMap(({ pipeline }) => pipeline.version ?? []))].sort();
  const has = (column: string) => tomograms.some(({ rows }) => rows.some(({ row }) => row.has(column)));
  const isOfFive = isVersion5 || has("rlnTomoTiltSeriesStarFile");
  // of a list of jobs without a number of its format only the kinds of jobs speak, and 5 has those of 4
  if (versions.length > 0 && !(isOfFive && versions.every((one) => one === "4"))) return `RELION ${versions.join(", ")}`;
  if (isOfFive) return "RELION 5";
  return has("rlnTomoTiltSeriesName") ? "RELION 4" : "RELION";
}

function knownBy({ laboratory, projects, places }: Found): string[] {
  const pipelines = projects.map(({ root }) => within(root, "default_pipeline.star")).filter((path) => laboratory.get(path));
  return [
    ...pipelines,
    ...places.map(({ root, job }) => within(root, job)).filter((job, at, all) => all.indexOf(job) === at),
  ].slice(0, 3);
}
