import { z } from "zod";
import { command } from "./command.js";
import { compatReference, lookOptions, portalBase } from "./harvest-options.js";
import { fromFile, withListed } from "./listed-words.js";

export default command({
  name: "harvest describe",
  summary: "Get portals' records of data sets, with the locations of the data",
  details: [
    "Takes pages, accessions and links as you copied them: IDR (image, dataset, project, screen, plate, well, study), EMPIAR, EPFL CVLab, OpenOrganelle, CryoET Data Portal, BioImage Archive, and Neuroglancer links, long or short. Anything else with a scheme is a direct link. NAME=URL names the record.",
    "An address that no portal knows, or that fails, is reported; the others are described. Exit status: 0 all described, 3 some failed, 1 none of several.",
    "Everything that pages and interfaces report is kept: --out writes web_metadata.json, name → {portal, source_url, retrieved_at, raw_metadata, download_links, requests}, which harvest inspect and harvest compare read; --json prints the same, with errors if some failed.",
    "OpenOrganelle's database requires a key: set EMPORIUM_OPENORGANELLE_KEY, and EMPORIUM_OPENORGANELLE_URL if the database is not on the site's own host. Without a key the manifests, pages and bucket are read.",
  ],
  positionals: ["urls"],
  options: z.object({
    urls: z
      .array(z.string())
      .default([])
      .meta({ description: "page, accession or link; NAME=URL names the record", value: "URL" }),
    fromFile,
    out: z
      .string()
      .optional()
      .meta({ description: "also write the document, such as web_metadata.json", value: "FILE", written: true }),
    portalBase,
    compat: compatReference,
  }),
  examples: [
    {
      run: `emporium harvest describe 'brain=https://neuroglancer-demo.appspot.com/#!{"layers":[{"name":"em","type":"image","source":"precomputed://gs://a-bucket/em"}]}'`,
      says: "the sources of a viewer's layers; no request is made, the link contains them",
    },
    {
      run: "emporium harvest describe https://example.org/tomo.zarr --out demo-out/web_metadata.json --json",
      says: "a direct link, as a record for the commands that follow",
    },
  ],
  async run({ urls, fromFile: list, out, portalBase: words, compat }, io) {
    const wanted = await withListed("harvest describe", urls, list, io);
    const { describe } = await import("../stations/harvest/records/describe.js");
    const report = await describe(wanted, {
      ...(await lookOptions(words, io)),
      compat: compat === "reference",
    });
    const { printDocument } = await import("../stations/harvest/records/file-metadata.js");
    const { answer } = await import("./harvest-answer.js");
    const { webText } = await import("../stations/harvest/records/web-text.js");
    return answer({ ...report, text: () => webText(report.records), print: printDocument, out }, io);
  },
});
