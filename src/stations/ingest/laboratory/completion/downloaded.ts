import { few } from "../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import type { Question, Role } from "../claims.js";
import type { Decision } from "../decide.js";
import { publishText, stableId } from "../questions.js";
import { folderOf } from "../recognisers/common/paths.js";
import { isNamedAnnotation, OF_THE_PORTAL } from "../recognisers/portal/entities.js";
import type { Laboratory } from "../survey/laboratory.js";
import { outOrAsIs } from "./claim.js";
import { voxelsOf } from "./joined-runs.js";
import { imagesOf } from "./series.js";

/** What somebody has recorded, or aligned: a folder with such is no folder of downloads. */
const OWN: readonly Role[] = ["tilt series", "raw tilts", "alignment", "acquisition", "frame"];

/**
 * Masks that are called as the portal calls them, and tomograms in the folder of such: people download single files into one folder. Whether they are to be
 * published once more is asked. What bookkeeping knows is nobody else's.
 */
export function downloadedQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const named = groupsOf(
    laboratory.files.flatMap(({ path }) => (isNamedAnnotation(path) && !isOfDataset(files.get(path)) ? [path] : [])),
    folderOf,
  );
  const inFolders = groupsOf([...files.values()], ({ path }) => folderOf(path));
  return [...named].flatMap(([folder, annotations]): Question[] => {
    const own = inFolders.get(folder) ?? [];
    const holdsOwn = own.some(({ role }) => OWN.includes(role));
    const doubts = own.filter(({ path, role, strength }) => {
      if (strength === "person") return false;
      if (role === "mask" || role === "mesh") return isNamedAnnotation(path);
      return role === "tomogram" && strength !== "bookkeeping" && !holdsOwn;
    });
    if (doubts.length === 0) return [];
    const paths = doubts.map(({ path }) => path);
    const what = `${few(annotations)} in the same folder ${annotations.length === 1 ? "has a name" : "have names"} that the portal gives to annotations.`;
    return [
      {
        id: stableId("downloaded", folder),
        text: publishText(paths),
        why: `They seem to be downloads from the CryoET Data Portal: ${what}`,
        files: paths,
        options: outOrAsIs(doubts, {
          because: "downloaded from the portal, by the names of annotations in its folder",
          ...{ out: "no: they are on the portal already", as: "publish", says: "yes: published" },
        }),
        guess: "leave-out",
      },
    ];
  });
}

const isOfDataset = (file: Decision | undefined): boolean => file?.because === OF_THE_PORTAL;

/** Of a run that somebody has recorded the volumes are what a dataset was made of. */
const RECORDED: readonly Role[] = ["tilt series", "acquisition", "frame"];

/**
 * Tomograms and tilt series that are those of a dataset of the portal once more, which is not published, such as the input of whoever made something new of
 * them. Byte for byte they are copies, since the portal writes files of its own: what a dataset was made of has other bytes. Of those with the same voxels and other
 * bytes, in runs of which nothing was recorded, a person says which they are.
 */
export async function copiesOfPortal(files: Map<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const shapeOf = ({ path }: Decision) => keyOf(...(laboratory.get(path)?.volume?.shape ?? []).map(String));
  const downloaded = groupsOf(
    [...files.values()].filter((file) => isOfDataset(file) && laboratory.get(file.path)?.volume),
    shapeOf,
  );
  const doubts: { readonly file: Decision; readonly other: Decision }[] = [];
  for (const file of [...files.values()]) {
    if ((file.role !== "tomogram" && file.role !== "tilt series") || file.strength === "person") continue;
    const other = await sameOf(file, downloaded.get(shapeOf(file)) ?? [], laboratory);
    if (!other) continue;
    if (await areOneFile(laboratory, file.path, other.path)) {
      const what = file.role === "tomogram" ? "voxels" : "images";
      const because = `the same ${what} as ${other.path}, which the portal has`;
      files.set(file.path, { ...file, role: "left out", because, details: {} });
    } else doubts.push({ file, other });
  }
  const isDoubt = new Set(doubts.map(({ file }) => file.path));
  const recorded = new Set(
    [...files.values()].flatMap(({ path, role, run }) => (RECORDED.includes(role) && !isDoubt.has(path) ? (run ?? []) : [])),
  );
  const open = doubts.filter(({ file: { run } }) => run === undefined || !recorded.has(run));
  return [...groupsOf(open, ({ other }) => other.question ?? "").values()].map((group): Question => {
    const some = group.map(({ file }) => file);
    const text = publishText(some.map(({ path }) => path));
    const why = `They have the same voxels as ${few(group.map(({ other }) => other.path))} of a dataset of the portal, and nothing that was recorded is known of their runs: they were downloaded, or the dataset was made of them.`;
    const options = outOrAsIs(some, {
      because: `the same voxels as ${group[0]!.other.path}, which the portal has`,
      ...{
        out: "no: downloaded, so that the portal has them",
        as: "publish",
        says: "yes: the dataset was made of them",
      },
    });
    return { id: stableId("once-more", group[0]!.other.path), text, why, files: some.map(({ path }) => path), options };
  });
}

async function sameOf(
  { path, role }: Decision,
  others: readonly Decision[],
  laboratory: Laboratory,
): Promise<Decision | undefined> {
  const printOf = (one: string) => (role === "tomogram" ? voxelsOf(laboratory, one) : imagesOf(one, laboratory));
  for (const other of others) {
    const own = await printOf(path);
    if (own !== undefined && own === (await printOf(other.path))) return other;
  }
  return undefined;
}

async function areOneFile(laboratory: Laboratory, a: string, b: string): Promise<boolean> {
  const [one, other] = [laboratory.get(a)!, laboratory.get(b)!];
  if (one.format !== other.format || one.size !== other.size || one.format === "zarr") return false;
  return (await laboratory.digest(a)) === (await laboratory.digest(b));
}
