/** EMPIAR-12407, the entry that `emporium demo` begins with: the tomogram of a cell with its annotations, and four tomograms of which the annotations are on a drive. */
import { depositedTomograms } from "../archive/deposited.mjs";
import { cellDeposit } from "../lab/cell.mjs";
import { fileOf, makeTree, treeReply } from "./tree.mjs";

const ID = "12407";
const FOLDER = `empiar/world_availability/${ID}`;
const json = (value) => ({ status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(value) });

const ENTRY = {
  [`EMPIAR-${ID}`]: {
    title: "Tomograms of a miniature laboratory",
    status: "REL",
    deposition_date: "2024-01-08",
    release_date: "2024-01-15",
    update_date: "2024-01-15",
    obsolete_date: null,
    entry_doi: `10.6019/EMPIAR-${ID}`,
    experiment_type: "electron cryotomography",
    scale: "cell",
    dataset_size: "6.6 MB",
    cross_references: [],
    authors: [{ author: { name: "Example A", author_orcid: null } }, { author: { name: "Example B", author_orcid: null } }],
    citation: [{ title: "An example's article", doi: null, year: 2024 }],
    imagesets: [
      {
        name: "A cell, and runs with hat-like structures",
        directory: "/data",
        category: "reconstructed volumes",
        header_format: "MRC",
        data_format: "MRC",
        num_images_or_tilt_series: 5,
        frames_per_image: 1,
        voxel_type: "SIGNED BYTE",
        pixel_width: 10.8,
        pixel_height: 10.8,
        image_width: "256",
        image_height: "192",
        details: "Generated. Voxels of 10.8 Å.",
        segmentations: [],
      },
    ],
  },
};

/** The entry's files, made when somebody first asks for one of them. */
let tree;
function files() {
  tree ??= makeTree([
    ...cellDeposit().files.map(({ path, content }) => [`${FOLDER}/data/lab/cell/${path}`, fileOf(content)]),
    ...depositedTomograms().map(({ name, bytes }) => [`${FOLDER}/data/hats/${name}`, fileOf(bytes)]),
  ]);
  return tree;
}

/** The entry at EMPIAR's interface. @type {import("./server.d.mts").Site} */
export function wholeWaySite({ path }) {
  return [`/empiar/api/entry/EMPIAR-${ID}/`, `/empiar/api/entry/${ID}/`].includes(path) ? json(ENTRY) : undefined;
}

/** Its files on `ftp.ebi.ac.uk`. @type {import("./server.d.mts").Site} */
export function wholeWayFiles({ path }) {
  return path.startsWith(`/${FOLDER}/`) ? treeReply(files(), path.slice(1)) : undefined;
}
