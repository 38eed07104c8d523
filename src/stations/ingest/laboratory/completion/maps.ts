import { few } from "../../../../core/finding.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { theseFiles } from "../questions.js";
import type { Laboratory } from "../survey/laboratory.js";
import { outOrAsIs } from "./claim.js";
import { spacingOf } from "./spacings.js";

/** How many times larger pixels of maps are, at least: a microscope records the tilt series of one session with a single pixel size, or nearly so. */
const LARGER_LEAST = 8;
/** What a tilt series has beside it. */
const OF_SERIES: readonly Decision["role"][] = ["tomogram", "half map", "acquisition", "raw tilts", "alignment", "frame"];

/** Stacks that seem to be tilt series by their headers alone, with pixels many times larger than those of the others, and nothing beside them: montages of the grid. */
export function mapQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const all = [...files.values()];
  const stacks = all.filter(({ role, run }) => role === "tilt series" && run !== undefined);
  const known = new Set(all.filter(({ role }) => OF_SERIES.includes(role)).map(({ run }) => run));
  const pixelOf = (file: Decision) => spacingOf(file, laboratory) ?? 0;
  const largest = Math.max(0, ...stacks.filter(({ run }) => known.has(run)).map(pixelOf));
  const maps = stacks.filter((file) => {
    const isAlone = !known.has(file.run) && file.strength !== "person" && file.strength !== "bookkeeping";
    return isAlone && largest > 0 && pixelOf(file) >= LARGER_LEAST * largest;
  });
  if (maps.length === 0) return [];
  const shown = few(maps.map((file) => `${file.path} (${Number(pixelOf(file).toPrecision(4))} Å)`));
  const [is, what] =
    maps.length === 1 ? ["Is", "a tilt series or a map of the grid"] : ["Are", "tilt series or maps of the grid"];
  return [
    {
      id: "maps",
      text: `${is} ${theseFiles(maps.map(({ path }) => path))} ${what}?`,
      why: `Pixel size: ${shown}. Tilt series that have angles or a tomogram have pixels of at most ${Number(largest.toPrecision(4))} Å.`,
      files: maps.map(({ path }) => path),
      options: outOrAsIs(maps, {
        because: "a map of the grid, by its pixel size",
        ...{ as: "tilt-series", says: "published as tilt series" },
      }),
      guess: "leave-out",
    },
  ];
}
