import { fewFiles } from "../../../../../core/finding.js";
import { groupsOf } from "../../../../../core/groups.js";
import type { JsonObject } from "../../../../../core/json.js";
import { jsonList, jsonObject, jsonText } from "../../../../../core/json-fields.js";
import { counted } from "../../../../../core/units.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { jsonOf } from "../common/json.js";
import { stemOf } from "../common/names.js";
import { baseName, distinctNames, folderOf, within } from "../common/paths.js";

/**
 * A project of EMAN2: `info/X_info.json` describes what `tiltseries/X.hdf` and `tomograms/X__bin4.hdf` hold; X is the name up to `__`. Boxes of tomograms
 * are points, those of each class an annotation of their own; volumes in HDF are not read and have to be exported.
 *
 * Source: base_name and info_name in libpyEM/EMAN2.py, e2tomogram.py and e2spt_boxer.py of https://github.com/cryoem/eman2
 */
export const eman2: Recogniser = {
  id: "eman2",
  software: "EMAN2",
  async recognise(laboratory) {
    const { roots, broken } = await projectsOf(laboratory);
    if (roots.length === 0) return undefined;
    const claims = broken.map(
      (path): Claim => ({ path, role: "left out", because: "it cannot be read", strength: "bookkeeping" }),
    );
    const notes =
      broken.length === 0
        ? []
        : [`${fewFiles(broken)}: no valid JSON, so boxes and names in ${broken.length === 1 ? "it" : "them"} are not used.`];
    const names = roots.flatMap(({ root, infos }) => [...infos.keys()].map((name) => ({ name, folder: root })));
    const runs = distinctNames(names);
    const runOf = new Map(names.map(({ name, folder }, at) => [`${folder}\0${name}`, runs[at]!]));
    const volumes: string[] = [];
    const exportOf = exportFinder(laboratory, roots);
    const below = belowRoots(laboratory, new Set(roots.map(({ root }) => root)));
    for (const { root, infos } of roots) {
      const run = (name: string) => runOf.get(`${root}\0${name}`);
      const inHdf = new Set<string>();
      const readable = new Map<string, string>();
      for (const { path, place } of below.get(root) ?? []) {
        if (place !== "tomograms") continue;
        const exported = /\.hdf$/i.test(path) ? exportOf(root, path) : path;
        if (exported === undefined) inHdf.add(tagless(path));
        else if (!readable.has(tagless(path))) readable.set(tagless(path), exported);
        const own = run(tagless(path));
        if (exported !== undefined && exported !== path && own !== undefined) claims.push(exportClaim(exported, path, own));
      }
      for (const [name, { path, document }] of infos)
        claims.push(
          infoClaim(path, {
            document,
            run: run(name)!,
            isOfUnread: inHdf.has(name) && !readable.has(name) && isAlignedHere(document),
            of: isAlignedHere(document) ? readable.get(name) : undefined,
          }),
        );
      for (const { path, place } of below.get(root) ?? []) {
        if (broken.includes(path)) continue;
        const exported = /\.hdf$/i.test(path) ? exportOf(root, path) : undefined;
        const claim = fileClaim(laboratory, { path, place, exported }, run(tagless(path)));
        if (!claim) continue;
        claims.push(claim);
        if (/\.hdf$/i.test(path) && OF_VOLUMES.test(place) && exported === undefined) volumes.push(path);
      }
    }
    if (volumes.length > 0) notes.unshift(exportNote(volumes));
    return { software: "EMAN2", by: roots.slice(0, 3).map(({ root }) => within(root, "info")), claims, notes };
  },
};

interface Info {
  readonly path: string;
  readonly document: JsonObject;
}
interface Root {
  readonly root: string;
  /** By the name of what they describe. */
  readonly infos: ReadonlyMap<string, Info>;
}

const READS_IN_FLIGHT = 8;
/** Keys that EMAN2 writes of tilt series and tomograms. */
const KEYS = ["boxes_3d", "tlt_params", "tlt_file", "apix_unbin", "ali_loss", "class_list", "curves", "defocus"];

async function projectsOf(laboratory: Laboratory): Promise<{ readonly roots: Root[]; readonly broken: readonly string[] }> {
  const files = laboratory.files.filter(({ path, format }) => /(?:^|\/)info\/[^/]+_info\.json$/.test(path) && format === "text");
  const infos = await mapLimit(files, READS_IN_FLIGHT, async ({ path }) => ({ path, document: await jsonOf(laboratory, path) }));
  const known = infos.filter(
    (one): one is Info => one.document !== undefined && KEYS.some((key) => one.document![key] !== undefined),
  );
  const broken = infos.flatMap(({ path, document }) => (document === undefined ? [path] : []));
  const roots = Array.from(
    groupsOf(known, ({ path }) => folderOf(folderOf(path))),
    ([root, own]) => ({
      root,
      infos: new Map(own.map((info) => [tagless(info.path), info])),
    }),
  );
  return { roots, broken };
}

/** As base_name of EMAN2 has it. */
function tagless(path: string): string {
  return stemOf(path).split("__")[0]!.replace("_ptcls", "").replace("_info", "");
}

/** Files below the projects, with the folder of the project that they are in. */
function belowRoots(laboratory: Laboratory, roots: ReadonlySet<string>): Map<string, { path: string; place: string }[]> {
  const below = new Map<string, { path: string; place: string }[]>();
  for (const { path } of laboratory.files) {
    let place = folderOf(path);
    while (place !== "" && !roots.has(folderOf(place))) place = folderOf(place);
    if (place === "") continue;
    const root = folderOf(place);
    const own = below.get(root) ?? [];
    own.push({ path, place: baseName(place) });
    below.set(root, own);
  }
  return below;
}

/** EMAN2 keeps its own alignment of a series so; of a tomogram that was imported it has none. */
const isAlignedHere = (document: JsonObject): boolean => jsonList(document.tlt_params).length > 0;

const exportClaim = (path: string, of: string, run: string): Claim => ({
  path,
  role: "tomogram",
  run,
  because: `it was exported of EMAN2's ${of}`,
  strength: "bookkeeping",
});

interface InfoOf {
  readonly document: JsonObject;
  readonly run: string;
  /** Its tomogram was reconstructed by EMAN2, and nobody has exported it: another one of the run has another alignment, and boxes would be elsewhere in it. */
  readonly isOfUnread: boolean;
  /** The tomogram that EMAN2 reconstructed, which can be read: boxes count from the middle of it. */
  readonly of?: string | undefined;
}

function infoClaim(path: string, { document, run, isOfUnread, of }: InfoOf): Claim {
  const leave = (because: string): Claim => ({ path, role: "left out", run, because, strength: "bookkeeping" });
  const boxes = jsonList(document.boxes_3d).filter(Array.isArray) as readonly (readonly unknown[])[];
  if (boxes.length === 0) return leave("a project file of EMAN2");
  if (isOfUnread) return leave("EMAN2's boxes in its own tomogram, which is there in HDF alone: export that one, too");
  const classes = [...new Set(boxes.map((box) => Number(box[5] ?? 0)))].sort((a, b) => a - b);
  // with the pixel of the tilt series in the document its reader knows where boxes are, whatever the tomogram's voxels
  const knows = Number(document.apix_unbin) > 0 ? { unit: "format" as const } : {};
  const reading = { format: "eman2_json", shape: "Point" as const, ...knows, ...(of !== undefined && { of }) };
  const nameOf = (number: number) => nameOfClass(document, number) ?? `class ${number}`;
  const points =
    classes.length > 1
      ? { ...reading, classes: Object.fromEntries(classes.map((number) => [`${number}`, nameOf(number)])) }
      : reading;
  const object = classes.length > 1 ? undefined : nameOfClass(document, classes[0]!);
  const because = `EMAN2's boxes for ${run}`;
  return {
    path,
    role: "points",
    run,
    because,
    strength: "bookkeeping",
    details: { points, ...(object !== undefined && { object }) },
  };
}

function nameOfClass(document: JsonObject, number: number): string | undefined {
  const entry = jsonObject(document.class_list)?.[`${number}`];
  const name = jsonText(entry) ?? jsonText(jsonObject(entry)?.name);
  return name === undefined || /^(?:particles?_?\d*|tomo(?:box)?|class_?\d*|)$/i.test(name) ? undefined : name;
}

/** Folders of the project, and what lies in them. */
const PLACES: readonly (readonly [form: RegExp, reason: string])[] = [
  [/^(?:spt|sptsgd|gmm|subtlt|ptclcls|r3d|threed|m3d|initmodel)\w*_\d+$/, "of an averaging in EMAN2"],
  [
    /^(?:particles3d|particles|particles2d|sets|neural_nets|trainset|micrographs|raw|tomorecon\w*|tiltctf\w*)$/,
    "particles or working files of EMAN2",
  ],
  [/^info$/, "a project file of EMAN2"],
];

const OF_VOLUMES = /^(?:tomograms|tiltseries|segmentations)$/;
const EXPORTED = /\.(?:mrcs?|map|rec|st)$/i;

/**
 * Finds what was exported of a volume in HDF: under its name, as `e2proc3d.py X.hdf Y/X.mrc` is called for all, in the project or in a folder beside it.
 * Names of tilt series are those of others, too: only what EMAN2 itself has called so, `TS_01__bin4`, is known by its name.
 */
function exportFinder(laboratory: Laboratory, roots: readonly Root[]): (root: string, path: string) => string | undefined {
  const exported = laboratory.files.filter(({ path, volume }) => volume !== undefined && EXPORTED.test(path));
  const byStem = groupsOf(exported, ({ path }) => stemOf(path));
  const isIn = (folder: string, path: string) => folder === "" || path.startsWith(`${folder}/`);
  return (root, path) => {
    if (!stemOf(path).includes("__")) return undefined;
    const isOfOther = (file: string) => roots.some((other) => other.root !== root && isIn(other.root, file) && !isIn(root, file));
    const near = (byStem.get(stemOf(path)) ?? []).filter((file) => isIn(folderOf(root), file.path) && !isOfOther(file.path));
    return near[0]?.path;
  };
}

interface Below {
  readonly path: string;
  /** The folder of the project that it is in. */
  readonly place: string;
  readonly exported: string | undefined;
}

function fileClaim(laboratory: Laboratory, { path, place, exported }: Below, run: string | undefined): Claim | undefined {
  if (/_info\.json$/.test(path) && place === "info" && run !== undefined) return undefined;
  const leave = (because: string): Claim => ({ path, role: "left out", run, because, strength: "bookkeeping" });
  const isHdf = /\.hdf$/i.test(path);
  if (OF_VOLUMES.test(place)) {
    if (isHdf)
      return leave(`a volume of EMAN2 in HDF${exported === undefined ? ", which is not read" : `: ${exported} is there`}`);
    const { volume } = laboratory.get(path)!;
    if (!volume || run === undefined || place === "segmentations") return undefined;
    const role = place === "tomograms" ? "tomogram" : "tilt series";
    return {
      path,
      role,
      run,
      because: `it lies among EMAN2's ${place === "tomograms" ? "tomograms" : "tilt series"}`,
      strength: "contents",
    };
  }
  const reason = PLACES.find(([form]) => form.test(place))?.[1];
  return reason === undefined || place === "raw" ? undefined : leave(reason);
}

function exportNote(volumes: readonly string[]): string {
  const isTomogram = (path: string) => baseName(folderOf(path)) === "tomograms";
  const first = volumes.find(isTomogram) ?? volumes[0]!;
  const inOrder = [...volumes.filter(isTomogram), ...volumes.filter((path) => !isTomogram(path))];
  const command = `e2proc3d.py ${first} ${first.replace(/\.hdf$/i, ".mrc")}`;
  return `${counted(volumes.length, "volume")} of EMAN2 in HDF (${fewFiles(inOrder)}) cannot be read: convert each, as with ${command}, and run ingest new again.`;
}
