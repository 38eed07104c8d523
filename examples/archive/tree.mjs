/** Where runs lie on four drives, and what is in them: counts of drive 1 as its published histogram has them, and what else an archive holds. */
import { depositedDrive } from "./deposited.mjs";
import { model, motives, sidecar, text, tomogram } from "./model.mjs";
import { driveRuns, PYLORI } from "./names.mjs";

/** Columns, rows, sections of every tomogram, and their spacing in ångström. */
export const SIZE = [32, 24, 12];
export const SPACING = 10;

/** Models of drive 1: hand annotations, their sidecars, and what programs made. */
export const DRIVE_1 = {
  annotations: { hat: 259, MS: 228, T4P: 101, hat2: 94, MK: 88, MSC: 21, TP: 17, pili: 14, FM: 7, PL: 1, hat3: 1 },
  sidecars: { hat: 98, MS: 227, hat2: 94, MSC: 21, hat3: 1 },
  clusters: 48,
  /** `20130928_YWC034_100NN_peak`: one name twice. */
  peaks: 47,
};
/** Of drive 1's, those of one data set: 107 models in 94 runs. */
export const PYLORI_MODELS = { runs: 94, MS: 67, hat: 33, MSC: 7, all: "mka2019-11-19-65" };

const SPECIES = {
  mka: ["FlagellarMotor_P1", "Hpylori_dfliQ"],
  ycw: ["FlagellarMotor_P1", "CaulobacterCrescentus_UnpluggedPL"],
  dga: ["FlagellarMotor_P2", "Vibrio cholerae_wildtype"],
  mba: ["FlagellarMotor_P2", "Campylobacter jejuni"],
  aba: ["FlagellarMotor_P2", "Shewanella_oneidensis"],
  qya: ["FlagellarMotor_P2", "Proteus_mirabilis"],
  etl: ["FlagellarMotor_P1", "Legionella_pneumophila"],
};
/** Where second and third copies are. */
const COPIES = ["", "/MoreTomo", "/Old copies"];
/** One run in ten has the laboratory's two initials. */
const SHORTENED = 10;
/** Runs that facts are known of keep their whole names, and the place that is known. */
const WHOLE = new Set(["ycw2017-12-01-35", "qya2015-11-19-14", "mka2019-11-19-143", "mka2019-05-25-10", PYLORI_MODELS.all]);
const MORE_TOMO = new Set(["ycw2017-12-01-35"]);

/**
 * All files of some drives.
 *
 * @param {number[]} drives
 * @param {boolean} allRuns also folders of runs without a model: they hold a note
 * @returns {Generator<{ path: string, bytes: Uint8Array }>}
 */
export function* archiveFiles(drives, allRuns) {
  const runs = driveRuns();
  for (const drive of drives) {
    if (drive === 5) {
      yield* depositedDrive();
      continue;
    }
    const folders = runFolders(drive, runs[drive - 1]);
    const contents = drive === 1 ? firstDrive(folders) : otherDrive(drive, folders);
    for (const folder of folders) {
      const files = contents.get(folder.path) ?? [];
      if (files.some(({ name }) => /^[^.].*\.mod$/.test(name)))
        yield { path: `${folder.path}/${folder.name}_full.rec`, bytes: tomogram(SIZE, SPACING, seedOf(folder.path)) };
      else if (allRuns) yield { path: `${folder.path}/notes.txt`, bytes: text(`${folder.run}\n`) };
      for (const { name, bytes } of files) yield { path: `${folder.path}/${name}`, bytes };
    }
    yield* strays(drive);
  }
}

/** @returns {import("./generate.d.mts").RunPlace[]} one for each copy of each run, in the order of names */
export function runFolders(drive, runs) {
  const base = `grp_tomo_db1_d${drive}/compute/TomoDB1_d${drive}`;
  return [...runs].flatMap(([run, copies]) => {
    const [project, species] = SPECIES[run.slice(0, 3)];
    const short = !WHOLE.has(run) && seedOf(run) % SHORTENED === 0;
    const name = short ? run.slice(0, 2) + run.slice(3) : run;
    return Array.from({ length: copies }, (_, copy) => {
      const below = COPIES[MORE_TOMO.has(run) ? (copy + 1) % 3 : copy];
      return { run, name, path: `${base}/${project}/${species}${below}/${name}` };
    });
  });
}

function firstDrive(folders) {
  const contents = new Map();
  const left = { ...DRIVE_1.annotations };
  const put = (path, name, bytes) => contents.set(path, [...(contents.get(path) ?? []), { name, bytes }]);
  const annotate = ({ path }, label) => {
    put(path, `${label}.mod`, annotation(label, path));
    left[label]--;
  };
  const pylori = folders.filter(
    ({ run, path }) => run.startsWith(`${PYLORI.who}${PYLORI.date}-`) && !/MoreTomo|Old copies/.test(path),
  );
  // the run with all three first, then single labels; twelve runs have two
  const [all, ...others] = [
    ...pylori.filter(({ run }) => run === PYLORI_MODELS.all),
    ...pylori.filter(({ run }) => run !== PYLORI_MODELS.all),
  ].slice(0, PYLORI_MODELS.runs);
  for (const label of ["MS", "hat", "MSC"]) annotate(all, label);
  const rest = ["MS", "hat", "MSC"].flatMap((label) => Array(PYLORI_MODELS[label] - 1).fill(label));
  for (const [at, label] of rest.entries()) annotate(others[at < others.length ? at : (at - others.length) * 2], label);
  const pyloriPaths = new Set(pylori.map(({ path }) => path));
  // shuffled, the same way every time: species share all labels
  const elsewhere = folders.filter(({ path }) => !pyloriPaths.has(path)).sort((a, b) => seedOf(a.path) - seedOf(b.path));
  let at = 0;
  for (const [label, count] of Object.entries(left)) {
    // a folder has a name once: labels begin where the one before them ended
    for (let i = 0; i < count; i++) annotate(elsewhere[(at + i) % elsewhere.length], label);
    at += Math.ceil(count * 0.9);
  }
  const holders = (label) => folders.filter(({ path }) => contents.get(path)?.some(({ name }) => name === `${label}.mod`));
  for (const [label, count] of Object.entries(DRIVE_1.sidecars)) {
    // one sidecar has outlived its file
    const some = label === "hat" ? [...holders(label).slice(0, count - 1), folders.at(-1)] : holders(label).slice(0, count);
    for (const { path } of some) put(path, `._${label}.mod`, sidecar());
  }
  for (const { path } of elsewhere.slice(-DRIVE_1.clusters)) put(path, "clusterElong.mod", annotation("clusterElong", path));
  const peaks = folders.filter(({ run }) => run.startsWith("ycw2013-09-28-"));
  for (let i = 0; i <= DRIVE_1.peaks; i++) {
    const name = `20130928_YWC034_${10001 + (i % DRIVE_1.peaks)}_peak`;
    put(peaks[i].path, `${name}.mod`, annotation(name, peaks[i].path));
  }
  return contents;
}

/** A few annotations on the other drives, and each trap that an archive has once. */
function otherDrive(drive, folders) {
  const contents = new Map();
  const put = ({ path }, name, bytes) => contents.set(path, [...(contents.get(path) ?? []), { name, bytes }]);
  const label = ["", "", "FM", "MS", "hat"][drive];
  for (const folder of folders.slice(0, 12)) put(folder, `${label}.mod`, annotation(label, folder.path));
  const spare = folders.slice(12);
  if (drive === 2) {
    put(
      spare[0],
      "MS.mod",
      model({ name: "slices", max: SIZE, pixelNm: SPACING / 10, slicers: [slicer("upper ring, good"), slicer("")] }),
    );
    put(spare[1], "hat.mod~", annotation("hat", spare[1].path));
    put(spare[1], "hat.mod", annotation("hat", spare[1].path));
    put(spare[2], "pili.mod", new Uint8Array(0));
    put(spare[3], "T4P.mod", text("this is no model\n"));
    put(spare[4], "FM.mod", annotation("FM", spare[4].path).subarray(0, 300));
    put(spare[5], "rod.mod", model({ name: "nothing yet", max: SIZE }));
    put(spare[6], "Hat.MOD", annotation("hat", spare[6].path));
    put(spare[6], ".DS_Store", text("Bud1"));
    put(spare[7], "ms2.mod", annotation("MS", spare[7].path));
    put(spare[7], ".AppleDouble/ms2.mod", sidecar());
    put(spare[8], "vesicle.mod", annotation("vesicle", spare[8].path));
  }
  if (drive === 3) {
    put(spare[0], "MS.mod", annotation("MS", spare[0].path));
    for (const [name, bytes] of average("flagellum")) put(spare[0], `PEET/run2/${name}`, bytes);
    put(spare[1], "models/MS.mod", annotation("MS", spare[1].path));
  }
  return contents;
}

function* average(object) {
  yield [`${object}.prm`, text(`fnOutput = '${object}'\n`)];
  for (const iteration of [1, 2, 3, 4]) yield [`${object}_MOTL_Tom1_Iter${iteration}.csv`, motives(4)];
  for (const [iteration, particles] of [
    [3, 120],
    [4, 60],
    [4, 120],
  ])
    yield [`${object}_AvgVol_${iteration}P${particles}.mrc`, tomogram([8, 8, 8], SPACING, iteration)];
  yield [`${object}_Ref4.mrc`, tomogram([8, 8, 8], SPACING, 9)];
}

/** Runs in folders that say they hold copies, and one in a folder that only sounds so. */
function* strays(drive) {
  if (drive !== 2) return;
  const base = "grp_tomo_db1_d2/compute/TomoDB1_d2/FlagellarMotor_P2/Proteus_mirabilis";
  yield { path: `${base}/figures/qya2015-11-19-13/MS.mod`, bytes: annotation("MS", "figures") };
  yield { path: `${base}/newspaper/qya2015-06-03-999/MS.mod`, bytes: annotation("MS", "newspaper") };
}

/** The same label in the same place gives the same model; on another drive it is another one. */
function annotation(label, path) {
  const seed = seedOf(`${path}/${label}`);
  const points = Array.from({ length: 1 + (seed % 4) }, (_, at) => [
    4 + ((seed >>> 3) % 20) + at,
    5 + ((seed >>> 8) % 14),
    1 + ((seed >>> 12) % 10),
  ]);
  return model({ name: label, max: SIZE, pixelNm: SPACING / 10, points });
}

const slicer = (label) => ({ angles: [13.1, 0, -30.2], center: [16, 12, 6], label });

function seedOf(name) {
  let hash = 2166136261;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 16777619);
  return (hash ^ (hash >>> 15)) >>> 0;
}
