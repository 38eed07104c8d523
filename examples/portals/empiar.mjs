/** EMPIAR: one entry with sixteen slices, by its interface, as a page, and as the XML file beside its data. */
import { escapeHtml } from "./tree.mjs";

export const EMPIAR_ID = "11759";
const TITLE = "Developing retina in zebrafish 55 hpf larval eye.";
const DETAILS =
  "Serial block-face SEM; 8nm/px in xy and 50nm per section (z). FEI Magellan400 at 1.9kV and 200pA, 0.5 usec dwell, Gatan 3ViewXP.";
const SLICES = 16;

/** Paths below `empiar/world_availability/11759/`. */
export const EMPIAR_FILES = Array.from(
  { length: SLICES },
  (_, at) => `data/F57-8_test1_3VBSED_slice_${String(at).padStart(4, "0")}.dm3`,
);

export function empiarEntry() {
  return {
    [`EMPIAR-${EMPIAR_ID}`]: {
      title: TITLE,
      status: "REL",
      deposition_date: "2023-11-01",
      release_date: "2024-01-15",
      update_date: "2024-01-15",
      obsolete_date: null,
      entry_doi: `10.6019/EMPIAR-${EMPIAR_ID}`,
      experiment_type: "SBF-SEM",
      scale: "tissue",
      dataset_size: "1.2 GB",
      cross_references: [],
      authors: [{ author: { name: "Example A", author_orcid: null } }, { author: { name: "Example B", author_orcid: null } }],
      citation: [{ title: "An example's article", doi: null, year: 2024 }],
      imagesets: [
        {
          name: "SBF-SEM of the retina",
          directory: "/data",
          category: "reconstructed volumes",
          header_format: "DM3",
          data_format: "DM3",
          num_images_or_tilt_series: SLICES,
          frames_per_image: 1,
          voxel_type: "UNSIGNED BYTE",
          pixel_width: 80.0,
          pixel_height: 80.0,
          image_width: "5628",
          image_height: "5632",
          details: DETAILS,
          segmentations: [],
        },
      ],
    },
  };
}

/** The same facts in the archive's XML. */
export function empiarXml() {
  return `<?xml version="1.0" encoding="UTF-8"?>
<entry accessionCode="EMPIAR-${EMPIAR_ID}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <admin>
    <currentStatus>REL</currentStatus>
    <keyDates>
      <depositionDate>2023-11-01</depositionDate>
      <releaseDate>2024-01-15</releaseDate>
      <updateDate>2024-01-15</updateDate>
      <obsoleteDate/>
    </keyDates>
    <title>${escapeHtml(TITLE)}</title>
    <authorsList>
      <author>Example A</author>
      <author>Example B</author>
    </authorsList>
    <datasetSize units="GB">1.2</datasetSize>
    <entryDOI>10.6019/EMPIAR-${EMPIAR_ID}</entryDOI>
    <experimentType>SBF-SEM</experimentType>
    <scale>tissue</scale>
  </admin>
  <crossReferences>
    <citationList>
      <journalCitation published="false">
        <title>A &amp; B: an example&#39;s article</title>
      </journalCitation>
    </citationList>
  </crossReferences>
  <imageSet>
    <name>SBF-SEM of the retina</name>
    <directory>/data</directory>
    <category>reconstructed volumes</category>
    <headerFormat>DM3</headerFormat>
    <dataFormat>DM3</dataFormat>
    <numImagesOrTiltSeries>${SLICES}</numImagesOrTiltSeries>
    <framesPerImage>1</framesPerImage>
    <voxelType>UNSIGNED BYTE</voxelType>
    <dimensions>
      <imageWidth units="pixel">5628</imageWidth>
      <imageHeight units="pixel">5632</imageHeight>
      <pixelWidth units="A">80.0</pixelWidth>
      <pixelHeight units="A">80.0</pixelHeight>
    </dimensions>
    <details><![CDATA[${DETAILS}]]></details>
    <segmentationList/>
  </imageSet>
</entry>
`;
}

const json = (value, status = 200) => ({ status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) });

const ARCHIVE = "https://ftp.ebi.ac.uk/empiar/world_availability";

/** The entry's page as a browser has filled it: where the archive is, and the link to the entry's XML. */
function empiarPage() {
  return `<!doctype html><html><head><title>EMPIAR-${EMPIAR_ID}</title></head><body>
<h2>${escapeHtml(TITLE)}</h2>
<div id="downloads" public-archive-ftp-url="${ARCHIVE}">
<a href="${ARCHIVE}/${EMPIAR_ID}/${EMPIAR_ID}.xml">Download xml</a>
</div>
</body></html>
`;
}

/** @type {import("./server.d.mts").Site} */
export function empiarSite({ path }) {
  if (path === `/empiar/EMPIAR-${EMPIAR_ID}/`)
    return { status: 200, headers: { "content-type": "text/html" }, body: empiarPage() };
  const id = /^\/empiar\/api\/entry\/(?:EMPIAR-)?(\d+)\/$/.exec(path)?.[1];
  if (id === undefined) return undefined;
  return id === EMPIAR_ID ? json(empiarEntry()) : json({ error: `EMPIAR-${id} is not an entry` }, 404);
}
