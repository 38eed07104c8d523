/** BioStudies: one study of the BioImage Archive, its files in a section and in a list beside them. */
import { fileOf } from "./tree.mjs";

export const STUDY = "S-BIAD765";
const FOLDER = `biostudies/fire/S-BIAD/765/${STUDY}`;
const LISTED = ["Plate1/A01/cell01.tiff", "Plate1/A02/cell 02.tiff", "../outside.tiff"];

function submission() {
  return {
    accno: STUDY,
    attributes: [
      { name: "Title", value: "A study with many images" },
      { name: "ReleaseDate", value: "2024-01-15" },
    ],
    section: {
      accno: "s-1",
      type: "Study",
      attributes: [{ name: "Title", value: "A study with many images" }],
      files: [[{ path: "readme.txt", size: 12, type: "file" }], { path: "volume.zarr", size: 0, type: "directory" }],
      subsections: [
        { accno: "Study Component-1", type: "Study Component", attributes: [{ name: "File List", value: "Experiment.json" }] },
        [{ accno: "table-row", type: "Organisation" }],
        { accno: "Study Component-2", type: "Study Component", attributes: [{ name: "File List", value: "lost.tsv" }] },
      ],
    },
    type: "submission",
  };
}

const json = (value, status = 200) => ({ status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) });

/** @type {import("./server.d.mts").Site} */
export function bioimageSite({ path }) {
  const [, id, info] = /^\/biostudies\/api\/v1\/studies\/([\w-]+?)(\/info)?$/.exec(path) ?? [];
  if (id === undefined) return undefined;
  if (id !== STUDY) return json({ errorMessage: "Study not found" }, 404);
  return info ? json({ columns: [], files: 4, ftpLink: `ftp://ftp.ebi.ac.uk/${FOLDER}`, isPublic: true }) : json(submission());
}

/** Paths on `ftp.ebi.ac.uk`. */
export function* bioimageFiles() {
  const list = LISTED.map((path, at) => ({ path, size: 1000 + at, type: "file", attributes: [] }));
  yield [`${FOLDER}/Files/Experiment.json`, fileOf(JSON.stringify(list), "application/json")];
  yield [`${FOLDER}/Files/readme.txt`, fileOf("hello study\n", "text/plain")];
}
