import { readStar } from "../../../../../formats/star/read.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Question } from "../../claims.js";
import { theseFiles } from "../../questions.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { jsonOf } from "../common/json.js";
import { stemOf } from "../common/names.js";
import { baseName, folderOf, type TailFinder, tailFinder, within } from "../common/paths.js";
import { orReason } from "../common/reading.js";
import { endingOf } from "./names.js";

const MATCHING = "pytom-match-pick";
const BYTES_MAX = 16 * 1024 * 1024;
const READS_IN_FLIGHT = 4;
/** Also the list that pytom_merge_stars.py makes of several, `particles.star`. */
const LIST = /_clusters\.star$|(?:^|[/_.-])particles?(?:[_.-][^/]*)?\.star$/i;
const JOB = /_job\.json$/i;
const PLACES = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"];
const CENTRED = ["rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst"];
const ANGLES = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"];

/**
 * Lists of points of programs that have RELION's columns and numbers of their own: MemBrain-pick's clusters are Å from the first corner, and have places and
 * angles alone; pytom-match-pick counts voxels, whose size in Å is in a column that is µm elsewhere.
 *
 * Sources: `store_clusters` in clustering/inference_clustering.py and the page "Importing STAR files from MemBrain-pick into Relion-5" of
 * https://github.com/CellArchLab/MemBrain-pick; https://sbc-utrecht.github.io/pytom-match-pick/Developers
 */
export async function pickedPoints(laboratory: Laboratory): Promise<Picked> {
  const stars = laboratory.files.filter(({ path, format, size }) => LIST.test(path) && format === "text" && size <= BYTES_MAX);
  const claims = await mapLimit(stars, READS_IN_FLIGHT, async ({ path }): Promise<Claim | undefined> => {
    const read = await orReason(async () =>
      readStar(await laboratory.open(path), ({ columns }) =>
        [PLACES, CENTRED].some((places) => places.every((one) => columns.includes(one))) ? "read" : "skip",
      ),
    );
    const [table] = "value" in read ? read.value : [];
    if (!table) return undefined;
    const { columns, rows } = table;
    // some versions have a prefix of their own
    const isMatched = columns.includes("rlnLCCmax") || columns.includes("ptmLCCmax");
    if (columns.includes(CENTRED[0]!)) return isMatched ? ofRelion5(path) : undefined;
    const isAll = (names: readonly string[]) => columns.length === names.length && names.every((one) => columns.includes(one));
    if (/_clusters\.star$/i.test(path) && isAll([...PLACES, ...ANGLES])) {
      const points = { format: "relion3_star", shape: "OrientedPoint", unit: "Å" } as const;
      return {
        path,
        role: "points",
        because: "MemBrain-pick calls its clusters so, which are in Å",
        strength: "bookkeeping",
        software: "MemBrain-pick",
        details: { points },
      };
    }
    const at = columns.indexOf("rlnDetectorPixelSize");
    const pixel = Number(rows[0]?.[at]);
    // merged ones of tomograms with other voxels have no unit that all rows are in
    if (!rows.every((row) => Number(row[at]) === pixel)) return undefined;
    if (!isMatched || columns.includes("rlnMagnification") || !(pixel > 0)) return undefined;
    const points = {
      format: "relion3_star",
      shape: "OrientedPoint",
      rowName: "rlnMicrographName",
      unit: "pixels",
      pixelAngstrom: pixel,
    } as const;
    return {
      path,
      role: "points",
      because: "its columns are those of pytom-match-pick",
      strength: "bookkeeping",
      software: MATCHING,
      details: { points },
    };
  });
  const all = claims.filter((claim) => claim !== undefined);
  const matched = all.filter(({ software }) => software === MATCHING);
  const finder = tailFinder(laboratory.files.map(({ path }) => path));
  const jobs = await jobsOf(laboratory);
  const byPath = new Map(jobs.map((job) => [job.path, job]));
  const placed = matched.map((claim) => withTemplate(laboratory, finder, byPath, claim));
  const questions = mirroredQuestions(placed);
  const asked = new Set(questions.flatMap(({ files }) => files));
  const points = [...all.filter(({ software }) => software !== MATCHING), ...placed];
  const ofJobs = jobs.flatMap((job) => claimsOfJob(laboratory, finder, job));
  const once = new Map(ofJobs.map((claim) => [claim.path, claim]));
  return { claims: [...points.filter(({ path }) => !asked.has(path)), ...once.values()], questions };
}

/** With `--relion5-compat` a list has the columns of RELION 5, which knows more of it where it is a part of a project. */
function ofRelion5(path: string): Claim {
  const points = { format: "relion5_star", shape: "OrientedPoint", rowName: "rlnTomoName", unit: "format" } as const;
  const because = "its columns are those of pytom-match-pick for RELION 5";
  return { path, role: "points", because, strength: "contents", software: MATCHING, details: { points } };
}

interface Picked {
  readonly claims: Claim[];
  readonly questions: Question[];
}

/** What the file of a job says. Source: `TMJob.write_to_json` */
interface Job {
  readonly path: string;
  /** What was looked for. */
  readonly template: string;
  /** Paths on the computer where it ran. */
  readonly tomogram?: string | undefined;
  readonly mask?: string | undefined;
  readonly tomogramMask?: string | undefined;
}

async function jobsOf(laboratory: Laboratory): Promise<Job[]> {
  const texts = laboratory.files.filter(({ path, format }) => JOB.test(path) && format === "text");
  const jobs = await mapLimit(texts, READS_IN_FLIGHT, async ({ path }): Promise<Job | undefined> => {
    const { template, tomogram, mask, tomogram_mask } = (await jsonOf(laboratory, path, BYTES_MAX)) ?? {};
    const text = (value: unknown) => (typeof value === "string" ? value : undefined);
    return typeof template === "string"
      ? { path, template, tomogram: text(tomogram), mask: text(mask), tomogramMask: text(tomogram_mask) }
      : undefined;
  });
  return jobs.filter((job) => job !== undefined);
}

/** Where lists of another threshold are put below the folder of the job. */
const FOLDERS_ABOVE = 1;

/** The job of a list, `TS_01_job.json` beside `TS_01_particles.star` or in the folder above, names the template that was looked for, and the tomogram. */
function withTemplate(laboratory: Laboratory, finder: TailFinder, jobs: ReadonlyMap<string, Job>, claim: Claim): Claim {
  const name = baseName(claim.path).replace(/_particles\.star$/i, "_job.json");
  let folder = folderOf(claim.path);
  let job = jobs.get(within(folder, name));
  for (let up = 0; !job && up < FOLDERS_ABOVE && folder !== ""; up++) {
    folder = folderOf(folder);
    job = jobs.get(within(folder, name));
  }
  if (!job) return claim;
  const object = stemOf(job.template.replaceAll("\\", "/"));
  const sameRunAs = volumeNamed(laboratory, finder, job.tomogram);
  return { ...claim, ...(sameRunAs !== undefined && { sameRunAs }), details: { ...claim.details, object } };
}

const volumeNamed = (laboratory: Laboratory, finder: TailFinder, name: string | undefined): string | undefined =>
  name === undefined ? undefined : finder.find(name, undefined, (one) => laboratory.get(one)?.volume !== undefined);

/** The file of a job, and volumes that it names and that are neither tomograms nor annotations. What a segmentation of another program is, that one says. */
function claimsOfJob(laboratory: Laboratory, finder: TailFinder, { path, template, mask, tomogramMask }: Job): Claim[] {
  const named = [
    [template, `the template of a matching, as ${baseName(path)} says`],
    [mask, `the mask of a template, as ${baseName(path)} says`],
    [tomogramMask, `where ${MATCHING} searches, as ${baseName(path)} says: no annotation`],
  ] as const;
  const volumes = named.flatMap(([name, because]): Claim[] => {
    const volume = volumeNamed(laboratory, finder, name);
    if (volume === undefined) return [];
    const isOfOther = endingOf(stemOf(volume))?.software !== undefined;
    return [{ path: volume, role: "left out", because, strength: isOfOther ? "contents" : "bookkeeping" }];
  });
  return [{ path, role: "left out", because: `a project file of ${MATCHING}`, strength: "bookkeeping" }, ...volumes];
}

const MIRRORED = /(?:^|[_.\- ])(?:mirror(?:ed)?|flip(?:ped|[xyz])?)(?=[_.\- ]|$)/i;

/** Peaks of a template that is called a mirror image, which is made to see whether the other one has the right hand: where there are others, those are the particles. */
function mirroredQuestions(all: readonly Claim[]): Question[] {
  const mirrored = all.filter(({ details }) => MIRRORED.test(details?.object ?? ""));
  if (mirrored.length === 0) return [];
  const because = "peaks of a mirror image of the template, which tell the hand of the tomogram";
  return [
    {
      id: "pytom-mirror",
      text: `Should the points of ${theseFiles(mirrored.map(({ path }) => path))} be published?`,
      why: `By its name the template ${mirrored[0]!.details!.object} is a mirror image, which is used to find out the handedness of tomograms.`,
      files: mirrored.map(({ path }) => path),
      options: [
        {
          answer: "leave-out",
          says: "not published",
          claims: mirrored.map(({ path }): Claim => ({ path, role: "left out", because, strength: "bookkeeping" })),
        },
        { answer: "points", says: "published: the template had the other handedness", claims: mirrored },
      ],
      ...(mirrored.length < all.length && { guess: "leave-out" }),
    },
  ];
}
