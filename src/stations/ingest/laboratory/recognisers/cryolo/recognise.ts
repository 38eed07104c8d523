import { jsonObject } from "../../../../../core/json-fields.js";
import { readStar } from "../../../../../formats/star/read.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { jsonOf } from "../common/json.js";
import { baseName, folderOf, within } from "../common/paths.js";
import { orReason } from "../common/reading.js";

const BYTES_MAX = 64 * 1024 * 1024;
const READS_IN_FLIGHT = 4;

/** Folders beside `CBOX_3D` in which crYOLO writes the same particles for other programs. */
const ONCE_MORE = [
  ["COORDS", "coords"],
  ["EMAN_3D", "box"],
] as const;

/**
 * crYOLO picks the slices of a tomogram, in `CBOX_UNTRACED`, and traces particles from slice to slice: these are in `CBOX_3D`, and once more in `COORDS` and
 * `EMAN_3D`. Before, it filters the tomograms into a folder of their own.
 *
 * Sources: https://cryolo.readthedocs.io/en/stable/tutorials/tutorial_overview.html (tomograms), `is_cbox_untraced` of the box manager: boxes of depth 1
 */
export const cryolo: Recogniser = {
  id: "cryolo",
  software: "crYOLO",
  async recognise(laboratory) {
    const claims: Claim[] = [];
    const leave = (path: string, because: string, run?: string) =>
      claims.push({ path, role: "left out", run, because, strength: "bookkeeping" });
    const boxes = laboratory.files.filter(
      ({ path, format, size }) => /\.cbox$/i.test(path) && format === "text" && size <= BYTES_MAX,
    );
    const slices = await mapLimit(boxes, READS_IN_FLIGHT, ({ path }) => isOfSlices(laboratory, path));
    for (const [at, { path }] of boxes.entries()) {
      if (slices[at]) {
        leave(path, "boxes slice by slice, from which crYOLO traces particles");
        continue;
      }
      const folder = folderOf(path);
      if (baseName(folder) !== "CBOX_3D") continue;
      for (const [name, extension] of ONCE_MORE) {
        const other = within(within(folderOf(folder), name), baseName(path).replace(/cbox$/i, extension));
        if (laboratory.get(other)) leave(other, `the same particles as ${path}`);
      }
    }
    const isFiltered = await filteredBy(laboratory);
    for (const { path, volume } of laboratory.files)
      if (volume && isFiltered(path)) leave(path, "a tomogram as crYOLO filters it before it picks");
    return claims.length === 0 ? undefined : { software: "crYOLO", by: claims.slice(0, 2).map(({ path }) => path), claims };
  },
};

async function isOfSlices(laboratory: Laboratory, path: string): Promise<boolean> {
  const read = await orReason(async () =>
    readStar(await laboratory.open(path), ({ columns }) => (columns.includes("Depth") ? "read" : "skip")),
  );
  const [table] = "value" in read ? read.value : [];
  const at = table?.columns.indexOf("Depth") ?? -1;
  return table !== undefined && table.rows.length > 0 && table.rows.every((row) => Number(row[at]) === 1);
}

/** Folders below that of a configuration which names them, `"filter": [0.1, "filtered_tmp/"]`, and those that are called as where nobody chose a name. */
async function filteredBy(laboratory: Laboratory): Promise<(path: string) => boolean> {
  const configs = laboratory.files.filter(({ path, format }) => /cryolo[^/]*\.json$/i.test(path) && format === "text");
  const named = await mapLimit(configs, READS_IN_FLIGHT, async ({ path }) => {
    const filter = jsonObject((await jsonOf(laboratory, path))?.["model"])?.["filter"];
    const folders = (Array.isArray(filter) ? filter : []).filter((one): one is string => /[\w-]\/$/.test(`${one}`));
    return folders.map((one) => ({ root: folderOf(path), name: baseName(one.slice(0, -1)) }));
  });
  const known = [{ root: "", name: "filtered_tmp" }, ...named.flat()];
  return (path) =>
    known.some(({ root, name }) => {
      const own = root === "" ? path : path.startsWith(`${root}/`) ? path.slice(root.length + 1) : "";
      return folderOf(own).split("/").includes(name);
    });
}
