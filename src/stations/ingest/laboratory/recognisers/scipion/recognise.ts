import { few } from "../../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Details, Recogniser } from "../../claims.js";
import type { Laboratory, Surveyed } from "../../survey/laboratory.js";
import { stemOf } from "../common/names.js";
import { baseName, folderOf, within } from "../common/paths.js";
import { setSpacing } from "../common/volumes.js";
import { fileOf, type Item, type Protocol, readProtocols, readSet, type ScipionSet } from "./sets.js";

/**
 * Scipion 3: a project is a folder with `project.sqlite` and a folder in `Runs` for each protocol, with a database of each set that it made. These say of
 * which series a file is, its voxel size, and what was done.
 *
 * Source: pyworkflow/project/project.py of https://github.com/scipion-em/scipion-pyworkflow, tomo/objects.py and tomo/protocols of
 * https://github.com/scipion-em/scipion-em-tomo
 */
export const scipion: Recogniser = {
  id: "scipion",
  software: "Scipion",
  async recognise(laboratory) {
    const projects = laboratory.files.flatMap(({ path }) => (baseName(path) === "project.sqlite" ? [path] : []));
    if (projects.length === 0) return undefined;
    const claims: Claim[] = [];
    const notes: string[] = [];
    for (const project of projects) {
      const own = await claimsOfProject(laboratory, folderOf(project), await readProtocols(laboratory, project));
      claims.push(...own.claims);
      notes.push(...own.notes);
    }
    return claims.length === 0 ? undefined : { software: "Scipion", by: projects.slice(0, 3), claims, notes };
  },
};

const READS_IN_FLIGHT = 4;
const BOOKKEEPING = "a project file of Scipion";
const RUN = /^Runs\/((\d{6})_([A-Za-z]\w*))\//;

/** The protocol that a file of a project lies in. */
interface Place {
  readonly folder: string;
  readonly number: number;
  /** Name of its class: `ProtImodTomoReconstruction`. */
  readonly kind: string;
}

/** A set with the protocol that made it. */
interface Made {
  readonly set: ScipionSet;
  readonly place: Place;
}

async function claimsOfProject(
  laboratory: Laboratory,
  root: string,
  protocols: ReadonlyMap<number, Protocol>,
): Promise<{ readonly claims: Claim[]; readonly notes: string[] }> {
  const own = laboratory.files.filter(({ path }) => root === "" || path.startsWith(`${root}/`));
  const relative = (path: string) => (root === "" ? path : path.slice(root.length + 1));
  const databases = own.filter(({ path }) => /\.(?:sqlite|db)$/i.test(path)).map(({ path }) => path);
  const faults: string[] = [];
  const read = await mapLimit(databases, READS_IN_FLIGHT, async (path): Promise<Made | undefined> => {
    const place = placeOf(relative(path));
    const set = place && (await readSet(laboratory, path));
    if (set && "reason" in set) faults.push(`${set.reason}. Nothing of it is used.`);
    return set && !("reason" in set) ? { set, place } : undefined;
  });
  const made = read.filter((one) => one !== undefined).sort((a, b) => a.place.number - b.place.number);
  const claims = new Map<string, Claim>();
  const claim = (file: string | undefined, told: Omit<Claim, "path" | "strength">) => {
    const path = file === undefined ? undefined : within(root, file);
    if (path !== undefined && laboratory.get(path) && !claims.has(path))
      claims.set(path, { path, strength: "bookkeeping", ...told });
  };
  claimSeries(made, importedStacks(own, relative), claim);
  await leaveCopies(laboratory, root, own, claims);
  claimTomograms(laboratory, root, { made, protocols, claim });
  for (const { set, place } of made.filter((one) => one.set.kind === "SetOfTomoMasks"))
    for (const item of set.items)
      claim(fileOf(item), {
        role: "mask",
        run: nameOf(item),
        because: `${place.folder} made it of ${nameOf(item) ?? "a tomogram"}`,
      });
  const coordinates = made.filter((one) => one.set.kind === "SetOfCoordinates3D");
  for (const { path } of own) {
    const reason = leavingOf(relative(path));
    if (reason !== undefined) claim(relative(path), { role: "left out", because: reason });
  }
  for (const { set, place } of coordinates)
    claim(relative(set.path), {
      role: "left out",
      because: `${counted(set.items.length, "point")} of ${calledOf(place, protocols)}, in a database that is not read`,
    });
  for (const path of databases) claim(relative(path), { role: "left out", because: BOOKKEEPING });
  const lists = coordinates.map(({ set }) => set.path);
  const notes =
    lists.length === 0
      ? []
      : [
          `${few(lists, 12)}: coordinates in databases of Scipion are not read: its protocol “export coordinates 3d” writes them as text, a file for each tomogram.`,
        ];
  return { claims: [...claims.values()], notes: [...faults, ...notes] };
}

type ClaimFile = (file: string | undefined, told: Omit<Claim, "path" | "strength">) => void;

function placeOf(path: string): Place | undefined {
  const [, folder, number, kind] = RUN.exec(path) ?? [];
  return folder === undefined ? undefined : { folder, number: Number(number), kind: kind! };
}

const calledOf = ({ folder, number }: Place, protocols: ReadonlyMap<number, Protocol>): string => {
  const label = protocols.get(number)?.label ?? "";
  return label === "" ? folder : `${folder} (“${label}”)`;
};

const nameOf = (item: Item): string | undefined => {
  const name = item.get("_tsId");
  return typeof name === "string" && name !== "" ? name : undefined;
};

/** Source: tomo/protocols/protocol_ts_import.py */
const IMPORTS = /^Prot\w*ImportT(?:s|iltSeries)/i;

/** Stacks that lie where the import puts them, by their names, which are those of the series: also where its database is gone. */
function importedStacks(own: readonly Surveyed[], relative: (path: string) => string): Map<string, string> {
  const stacks = own.flatMap(({ path, volume }) => {
    const place = volume && placeOf(relative(path));
    return place && IMPORTS.test(place.kind) ? [{ name: stemOf(baseName(path)), file: relative(path), place }] : [];
  });
  stacks.sort((a, b) => b.place.number - a.place.number);
  return new Map(stacks.map(({ name, file }) => [name, file]));
}

/** Of the stacks of a series the first is the one that was imported, or made of its movies; each later one is made of it. */
function claimSeries(made: readonly Made[], imported: ReadonlyMap<string, string>, claim: ClaimFile): void {
  const first = new Map<string, string>();
  for (const { set, place } of made.filter((one) => one.set.kind === "SetOfTiltSeries"))
    for (const [run, files] of set.images) {
      const [file] = files;
      if (files.size !== 1 || file === undefined) continue;
      const stack = imported.get(run);
      if (stack !== undefined && stack !== file && !first.has(run)) {
        first.set(run, stack);
        claim(stack, { role: "tilt series", run, because: `the stack of ${run} that was imported` });
      }
      const earlier = first.get(run);
      if (earlier === undefined) {
        first.set(run, file);
        const details = set.samplingRate === undefined ? {} : { spacingAngstrom: set.samplingRate };
        claim(file, { role: "tilt series", run, because: `the first stack of ${run}, of ${place.folder}`, details });
      } else if (earlier !== file)
        claim(file, { role: "left out", run, because: `${place.folder} made it of ${baseName(earlier)}, which is published` });
    }
}

/** A protocol that runs a whole program, such as etomo, gives it a copy of the stack that it goes on with. */
async function leaveCopies(
  laboratory: Laboratory,
  root: string,
  own: readonly Surveyed[],
  claims: Map<string, Claim>,
): Promise<void> {
  const left = groupsOf(
    [...claims.values()].filter(({ role }) => role === "left out"),
    ({ path }) => `${laboratory.get(path)!.size}`,
  );
  for (const { path, size, volume } of own) {
    const alike =
      volume && !claims.has(path) && RUN.test(path.slice(root === "" ? 0 : root.length + 1)) ? left.get(`${size}`) : [];
    for (const { path: other, run } of alike ?? [])
      if (!claims.has(path) && (await laboratory.digest(other)) === (await laboratory.digest(path)))
        claims.set(path, { path, role: "left out", run, because: `the same images as ${other}`, strength: "bookkeeping" });
  }
}

interface OfTomograms {
  readonly made: readonly Made[];
  readonly protocols: ReadonlyMap<number, Protocol>;
  readonly claim: ClaimFile;
}

/** A mask was multiplied with a tomogram. Source: tomo/protocols/protocol_tomo_apply_tomomask.py */
const ERASES = /Apply(?:Tomo)?Mask/i;
const DENOISES = /denois|isonet|cryocare|topaz|deepdewedge|eed|bfd/i;
const FILTERS = /filter|deconv|bandpass|lowpass|ctfcorr/i;
const STOPPED = /^(?:aborted|failed)$/;

function claimTomograms(laboratory: Laboratory, root: string, { made, protocols, claim }: OfTomograms): void {
  const rows = made
    .filter((one) => one.set.kind === "SetOfTomograms")
    .flatMap(({ set, place }) => set.items.map((item) => ({ set, place, item, file: fileOf(item), run: nameOf(item) })));
  const keyOfRow = ({ set, run }: (typeof rows)[number]) => keyOf(run ?? "", `${set.samplingRate}`);
  const isStopped = ({ place }: (typeof rows)[number]) => STOPPED.test(protocols.get(place.number)?.status ?? "");
  const finished = groupsOf(
    rows.filter((row) => !isStopped(row) && !ERASES.test(row.place.kind)),
    keyOfRow,
  );
  for (const row of rows) {
    const { set, place, item, file, run } = row;
    const called = calledOf(place, protocols);
    for (const half of `${item.get("_halfMapFilenames") ?? ""}`.split(",").filter((one) => one !== ""))
      claim(half.trim(), { role: "half map", run, because: `half of the tomogram of ${run ?? place.folder}` });
    const [other] = finished.get(keyOfRow(row)) ?? [];
    if (ERASES.test(place.kind)) claim(file, { role: "left out", run, because: `${called} erased all of it but a mask` });
    else if (item.get("enabled") === 0)
      claim(file, { role: "left out", run, because: `somebody has deselected it in ${called}` });
    else if (isStopped(row) && other)
      claim(file, { role: "left out", run, because: `of ${called}, which was stopped: ${other.place.folder} has another one` });
    else {
      const because = `${place.folder} made it of ${run ?? "a series"}`;
      claim(file, { role: "tomogram", run, because, details: detailsOf(laboratory, within(root, file ?? ""), set, place) });
    }
  }
}

function detailsOf(laboratory: Laboratory, path: string, { samplingRate }: ScipionSet, { kind }: Place): Details {
  const volume = laboratory.get(path)?.volume;
  const said = volume && setSpacing(volume);
  const processing = DENOISES.test(kind) ? "denoised" : FILTERS.test(kind) ? "filtered" : undefined;
  return {
    ...(samplingRate !== undefined && said === undefined && { spacingAngstrom: samplingRate }),
    ...(processing && { processing }),
  };
}

/** Why a file of a project is of no use to a portal, by where it lies. */
function leavingOf(path: string): string | undefined {
  if (/^(?:project|settings|run)\.(?:sqlite|db)$|^(?:Tmp|Logs|\.sessions)\//.test(path)) return BOOKKEEPING;
  if (/^[^/]*workflow[^/]*\.json$/i.test(path)) return BOOKKEEPING;
  if (/^Uploads\/[^/]+\.(?:mrc|map)$/i.test(path)) return undefined;
  const place = placeOf(path);
  if (!place) return undefined;
  if (/\/(?:Subtomogram|subtomo)s?\/(?:.*\/)?[^/]+\.mrcs?$/i.test(path)) return `an image of a particle, of ${place.folder}`;
  if (/_interpolated\.(?:mrcs?|st)$/i.test(path)) return `an aligned stack, of ${place.folder}`;
  if (/\/(?:logs|tmp)\//.test(path)) return BOOKKEEPING;
  return undefined;
}
