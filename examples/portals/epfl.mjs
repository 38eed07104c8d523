/**
 * EPFL's page of its hippocampus data: an article with text and links, as its editors wrote them, blanks in addresses included. The marks by which
 * readers know its parts are the real page's: the article's `id` and its class of the same name, the heading `#data`, the paragraph next to it.
 */
import { escapeHtml } from "./tree.mjs";

const FOLDER = "groups/c/cv/cvlab-unit/www/data/ ElectronMicroscopy_Hippocampus";
const NAMES = ["volumedata", "training", "testing", "training_groundtruth", "testing_groundtruth", "results_test"];

/** Paths on `documents.epfl.ch`. */
export const EPFL_FILES = NAMES.map((name) => `${FOLDER}/${name}.tif`);

export const EPFL_DESCRIPTION =
  "The data set shows a section of 5x5x5µm of the hippocampus (region CA1), a volume of 1065x2048x1536 voxels. The resolution of each voxel is approximately 5x5x5nm. All files are multipage TIF.";

/** Ten links to six files: some stand in the text and in the list, one is encoded. */
const LINKS = [
  "volumedata",
  "training",
  "testing",
  "training",
  "testing",
  "training",
  "testing",
  "training_groundtruth",
  "testing_groundtruth",
];

/** @param {string} [description] the paragraph under the heading */
export function epflPage(description = EPFL_DESCRIPTION) {
  const raw = (name) => `https://documents.epfl.ch/${FOLDER}/${name}.tif`;
  const links = [...LINKS.map((name) => [name, raw(name)]), ["results_test", raw("results_test").replace("/ ", "/%20")]];
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Electron Microscopy Dataset &#8211; CVLAB &#8208; EPFL</title></head>
<body>
<nav><a href="/labs/">Labs</a> <a href="/labs/cvlab/brochure.tif">not of the article</a></nav>
<article id="post-2138" class="post-2138 page type-page status-publish hentry">
  <h1>Electron Microscopy Dataset</h1>
  <p>Segmentation of mitochondria.</p>
  <h3 id="data">Data</h3>
  <p>${escapeHtml(description)}</p>
  <p>&nbsp;</p>
  <ul>
${links.map(([name, href]) => `    <li><a href="${escapeHtml(href)}">${name}</a></li>`).join("\n")}
  </ul>
  <p>See also <a href="../data-em-other/">other data</a>, <a href="#data">above</a> and <a href="mailto:someone@example.org">us</a>.</p>
</article>
</body>
</html>
`;
}

/** @param {{ epflDescription?: string | undefined }} options @returns {import("./server.d.mts").Site} */
export function epflSite({ epflDescription }) {
  return ({ path }) =>
    path === "/labs/cvlab/data/data-em/"
      ? { status: 200, headers: { "content-type": "text/html; charset=UTF-8" }, body: epflPage(epflDescription) }
      : undefined;
}
