import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { stemOf } from "../common/names.js";
import { baseName, folderOf, within } from "../common/paths.js";

/** What `coords/num_name.csv` has in a row: a number of points, the name of the tomogram, its index. */
const ROW = /^\d+(?:\.\d*)?\t([^\t]+)\t\d+$/;
const NORMALISED = /^data_(?:std|norm)$/;
/** By the type of the labels and the diameter that a person chooses: `sphere7`, `gaussian9`, `cubic11`. */
const LABELS = /^(?:data_ocp|\w*(?:sphere|gaussian|cubic)\w*\d+)$/i;

/**
 * A project of DeepETPicker is a folder with `coords/num_name.csv`. For a training it writes tomograms under their own names once more, normalised, and labels of
 * the size of tomograms, with balls at hand-picked places. What it picks is in `Coords_All`, and with a column for the size in `Coords_withArea`.
 *
 * Source: utils/coord_gen.py, normalization.py and coords2labels.py, test.py of https://github.com/cbmi-group/DeepETPicker
 */
export const deepetpicker: Recogniser = {
  id: "deepetpicker",
  software: "DeepETPicker",
  async recognise(laboratory) {
    const lists = laboratory.files.filter(
      ({ path, format }) => baseName(path) === "num_name.csv" && baseName(folderOf(path)) === "coords" && format === "text",
    );
    const roots = new Map<string, ReadonlySet<string>>();
    for (const { path } of lists) {
      const names = await namesIn(laboratory, path);
      if (names.size > 0) roots.set(folderOf(folderOf(path)), names);
    }
    if (roots.size === 0) return undefined;
    const claims = laboratory.files.flatMap(({ path, volume }): Claim[] => {
      const because = volume ? reasonOfVolume(path, roots) : reasonOfText(path, roots, laboratory);
      return because === undefined ? [] : [{ path, role: "left out", because, strength: "bookkeeping" }];
    });
    return { software: "DeepETPicker", by: lists.slice(0, 2).map(({ path }) => path), claims };
  },
};

async function namesIn(laboratory: Laboratory, path: string): Promise<ReadonlySet<string>> {
  const rows = ((await laboratory.text(path)) ?? "").split(/\r\n|\n|\r/).filter((row) => row.trim() !== "");
  const names = rows.flatMap((row) => ROW.exec(row)?.[1] ?? []);
  return new Set(names.length === rows.length ? names : []);
}

function reasonOfVolume(path: string, roots: ReadonlyMap<string, ReadonlySet<string>>): string | undefined {
  const folder = folderOf(path);
  const names = roots.get(folderOf(folder));
  if (names === undefined || folder === "") return undefined;
  if (NORMALISED.test(baseName(folder))) return "a tomogram as DeepETPicker normalises it";
  return LABELS.test(baseName(folder)) && names.has(stemOf(path)) ? "labels to train DeepETPicker with" : undefined;
}

function reasonOfText(path: string, roots: ReadonlyMap<string, ReadonlySet<string>>, laboratory: Laboratory): string | undefined {
  const folder = folderOf(path);
  const name = baseName(folder);
  const names = roots.get(folderOf(folder));
  if (name === "coords" && names !== undefined) return "places to train DeepETPicker with";
  if (name === "raw_data" && names?.has(stemOf(path)) === true) return "places to train DeepETPicker with";
  const other = within(within(folderOf(folder), "Coords_All"), baseName(path));
  return name === "Coords_withArea" && laboratory.get(other) ? `the same particles as ${other}` : undefined;
}
