import { fewFiles } from "../../../../../core/finding.js";
import { readStar } from "../../../../../formats/star/read.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Question } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { jsonOf } from "../common/json.js";
import { stemOf } from "../common/names.js";
import { type TailFinder, tailFinder } from "../common/paths.js";
import { orReason } from "../common/reading.js";

const MATCHING = "pytom-match-pick";
const BYTES_MAX = 16 * 1024 * 1024;
const READS_IN_FLIGHT = 4;
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
  const stars = laboratory.files.filter(
    ({ path, format, size }) => /_(?:clusters|particles)\.star$/i.test(path) && format === "text" && size <= BYTES_MAX,
  );
  const claims = await mapLimit(stars, READS_IN_FLIGHT, async ({ path }): Promise<Claim | undefined> => {
    const read = await orReason(async () =>
      readStar(await laboratory.open(path), ({ columns }) =>
        [PLACES, CENTRED].some((places) => places.every((one) => columns.includes(one))) ? "read" : "skip",
      ),
    );
    const [table] = "value" in read ? read.value : [];
    if (!table) return undefined;
    const { columns, rows } = table;
    if (columns.includes(CENTRED[0]!)) return columns.includes("rlnLCCmax") ? ofRelion5(path) : undefined;
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
    const pixel = Number(rows[0]?.[columns.indexOf("rlnDetectorPixelSize")]);
    if (!columns.includes("rlnLCCmax") || columns.includes("rlnMagnification") || !(pixel > 0)) return undefined;
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
  const jobs = await mapLimit(matched, READS_IN_FLIGHT, (claim) => withTemplate(laboratory, finder, claim));
  const questions = mirroredQuestions(jobs.map(({ claim }) => claim));
  const asked = new Set(questions.flatMap(({ files }) => files));
  const points = [...all.filter(({ software }) => software !== MATCHING), ...jobs.map(({ claim }) => claim)];
  return { claims: [...points.filter(({ path }) => !asked.has(path)), ...jobs.flatMap(({ job }) => job ?? [])], questions };
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

/** The file of a job, `TS_01_job.json` beside `TS_01_particles.star`, names the template that was looked for, and the tomogram. Source: `TMJob.write_to_json` */
async function withTemplate(laboratory: Laboratory, finder: TailFinder, claim: Claim): Promise<{ claim: Claim; job?: Claim }> {
  const path = claim.path.replace(/_particles\.star$/i, "_job.json");
  const { template, tomogram } = (laboratory.get(path) ? await jsonOf(laboratory, path) : undefined) ?? {};
  if (typeof template !== "string") return { claim };
  const object = stemOf(template.replaceAll("\\", "/"));
  const job = { path, role: "left out", because: `bookkeeping of ${MATCHING}`, strength: "bookkeeping" } as const;
  const isVolume = (one: string) => laboratory.get(one)?.volume !== undefined;
  const sameRunAs = typeof tomogram === "string" ? finder.find(tomogram, undefined, isVolume) : undefined;
  return { claim: { ...claim, ...(sameRunAs !== undefined && { sameRunAs }), details: { ...claim.details, object } }, job };
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
      text: `Are ${fewFiles(mirrored.map(({ path }) => path))} particles? By its name the template ${mirrored[0]!.details!.object} is a mirror image, with which one sees the hand of the tomograms.`,
      files: mirrored.map(({ path }) => path),
      options: [
        {
          answer: "leave-out",
          says: "not published",
          claims: mirrored.map(({ path }): Claim => ({ path, role: "left out", because, strength: "bookkeeping" })),
        },
        { answer: "points", says: "particles: the template had the other hand", claims: mirrored },
      ],
      ...(mirrored.length < all.length && { guess: "leave-out" }),
    },
  ];
}
