/**
 * Four runs of which the tomograms are deposited and the annotations are not: the entry of the offline EMPIAR has the volumes, drive 5 the models that
 * somebody drew on them. Both are made here.
 */
import { model, text, tomogram } from "./model.mjs";

/** Columns, rows, sections, and their spacing in ångström. */
const SIZE = [64, 48, 24];
const SPACING = 10.8;
/** As the portal names them; the second folder has the laboratory's two initials. */
const RUNS = [
  { run: "mka2019-12-12-13", folder: "mka2019-12-12-13" },
  { run: "mka2019-12-12-14", folder: "mk2019-12-12-14" },
  { run: "mka2019-12-12-15", folder: "mka2019-12-12-15" },
  { run: "mka2019-12-12-16", folder: "mka2019-12-12-16" },
];
const DRIVE = "grp_tomo_db1_d5/compute/TomoDB1_d5/FlagellarMotor_P1/Hpylori_dfliQ";

/** Their data set at the portal. */
export const DEPOSITED_DATASET = 11030;

/** @returns {{ name: string, bytes: Uint8Array }[]} a tomogram of each run */
export function depositedTomograms() {
  return RUNS.map(({ run }, at) => ({ name: `${run}.rec`, bytes: tomogram(SIZE, SPACING, at + 1) }));
}

/** The files of drive 5: tomograms, and models of hat-like structures. @returns {Generator<{ path: string, bytes: Uint8Array }>} */
export function* depositedDrive() {
  const tomograms = depositedTomograms();
  for (const [at, { folder }] of RUNS.entries()) {
    const points = Array.from({ length: at + 2 }, (_, point) => [10 + 11 * point, 8 + 7 * at, 4 + 3 * point]);
    const path = `${DRIVE}/${folder}`;
    yield { path: `${path}/${folder}_full.rec`, bytes: tomograms[at].bytes };
    yield { path: `${path}/hat.mod`, bytes: model({ name: "hat", max: SIZE, pixelNm: SPACING / 10, points }) };
    yield { path: `${path}/notes.txt`, bytes: text(`${folder}\n`) };
  }
}
