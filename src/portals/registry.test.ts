import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseBases } from "./bases.js";
import { ACCESSION, accessesOf, findPortal, PORTAL_NAMES, PORTALS, recognise } from "./registry.js";

const idr = "https://idr.openmicroscopy.org";
const organelle = "https://openorganelle.janelia.org";

/** What people paste → portal, kind, identifier. */
const KNOWN: readonly [typed: string, portal: string, kind: string, id: string][] = [
  [`${idr}/webclient/img_detail/9846137/?dataset=10740`, "idr", "image", "9846137"],
  [`${idr}/webclient/img_detail/9846137`, "idr", "image", "9846137"],
  [`http://IDR.openmicroscopy.org/webclient/img_detail/9846137/`, "idr", "image", "9846137"],
  [`  ${idr}/webclient/img_detail/9846137/ `, "idr", "image", "9846137"],
  ["idr.openmicroscopy.org/webclient/img_detail/9846137/", "idr", "image", "9846137"],
  [`${idr}/webclient/?show=image-9846137`, "idr", "image", "9846137"],
  [`${idr}/webclient/?show=dataset-10740`, "idr", "dataset", "10740"],
  [`${idr}/webclient?show=project-1151&experimenter=-1`, "idr", "project", "1151"],
  [`${idr}/webclient/?show=screen-3`, "idr", "screen", "3"],
  [`${idr}/webclient/?show=plate-4`, "idr", "plate", "4"],
  [`${idr}/webclient/?show=well-590686`, "idr", "well", "590686"],
  [`${idr}/webclient/?show=image-1|image-2`, "idr", "image", "image-1|image-2"],
  [`${idr}/webclient/?show=image-1%7Cdataset-2`, "idr", "image", "image-1|dataset-2"],
  [`${idr}/iviewer/?images=9846137&dataset=10740`, "idr", "image", "9846137"],
  [`${idr}/iviewer/?images=1,2`, "idr", "image", "image-1|image-2"],
  [`${idr}/iviewer/?dataset=10740`, "idr", "dataset", "10740"],
  [`${idr}/search/?query=Name:idr0086`, "idr", "study", "idr0086"],
  [`${idr}/search/`, "idr", "search", ""],
  ["idr0086", "idr", "study", "idr0086"],
  ["IDR0086", "idr", "study", "idr0086"],
  ["idr0086-miron-micrographs", "idr", "study", "idr0086"],
  ["https://www.ebi.ac.uk/empiar/EMPIAR-11759/", "empiar", "entry", "11759"],
  ["https://www.ebi.ac.uk/empiar/EMPIAR-11759", "empiar", "entry", "11759"],
  ["https://ebi.ac.uk/empiar/11759/?tab=1#images", "empiar", "entry", "11759"],
  ["https://www.ebi.ac.uk/pdbe/emdb/empiar/entry/10002/", "empiar", "entry", "10002"],
  ["www.ebi.ac.uk/empiar/EMPIAR-11759/", "empiar", "entry", "11759"],
  ["EMPIAR-11759", "empiar", "entry", "11759"],
  ["empiar-11759", "empiar", "entry", "11759"],
  ["10.6019/EMPIAR-11759", "empiar", "entry", "11759"],
  ["doi:10.6019/EMPIAR-11759", "empiar", "entry", "11759"],
  ["https://doi.org/10.6019/EMPIAR-11759", "empiar", "entry", "11759"],
  ["https://dx.doi.org/10.6019/empiar-11759", "empiar", "entry", "11759"],
  ["https://www.epfl.ch/labs/cvlab/data/data-em/", "epfl", "page", "data-em"],
  ["https://epfl.ch/labs/cvlab/data/data-em", "epfl", "page", "data-em"],
  [`${organelle}/datasets/jrc_mus-nacc-2`, "openorganelle", "dataset", "jrc_mus-nacc-2"],
  [`${organelle}/datasets/jrc_mus-nacc-2/?x=1`, "openorganelle", "dataset", "jrc_mus-nacc-2"],
  ["s3://janelia-cosem-datasets/jrc_mus-nacc-2/", "openorganelle", "dataset", "jrc_mus-nacc-2"],
  [
    "s3://janelia-cosem-datasets/jrc_mus-nacc-2/jrc_mus-nacc-2.zarr/recon-2",
    "openorganelle",
    "volume",
    "jrc_mus-nacc-2/jrc_mus-nacc-2.zarr/recon-2",
  ],
  ["https://cryoetdataportal.czscience.com/datasets/10000", "cryoet", "dataset", "10000"],
  ["https://cryoetdataportal.czscience.com/runs/501/?table-tab=Tomograms", "cryoet", "run", "501"],
  ["https://www.cryoetdataportal.czscience.com/depositions/10005/", "cryoet", "deposition", "10005"],
  ["CZCDP-10301", "cryoet", "deposition", "10301"],
  [" czcdp-10301", "cryoet", "deposition", "10301"],
  ["DS-10000", "cryoet", "dataset", "10000"],
  ["RN-501", "cryoet", "run", "501"],
  ["S-BIAD765", "bioimage-archive", "study", "S-BIAD765"],
  ["https://www.ebi.ac.uk/biostudies/bioimages/studies/S-BIAD765", "bioimage-archive", "study", "S-BIAD765"],
  ["https://www.ebi.ac.uk/biostudies/studies/s-bsst42?query=x", "bioimage-archive", "study", "S-BSST42"],
  ["https://www.ebi.ac.uk/bioimage-archive/S-BIAD765/", "bioimage-archive", "study", "S-BIAD765"],
  ["https://doi.org/10.6019/S-BIAD765", "bioimage-archive", "study", "S-BIAD765"],
  ["https://tinyurl.com/hemibrain-ng", "neuroglancer", "short", "https://tinyurl.com/hemibrain-ng"],
  ["https://www.tinyurl.com/hemibrain-ng", "neuroglancer", "short", "https://www.tinyurl.com/hemibrain-ng"],
  ["http://bit.ly/abc", "neuroglancer", "short", "http://bit.ly/abc"],
  ["https://goo.gl/abc", "neuroglancer", "short", "https://goo.gl/abc"],
  ["https://neuroglancer-demo.appspot.com/#!{}", "neuroglancer", "state", "https://neuroglancer-demo.appspot.com/#!{}"],
  [
    "https://v2-dot-neuroglancer-demo.appspot.com/#!%7B%7D",
    "neuroglancer",
    "state",
    "https://v2-dot-neuroglancer-demo.appspot.com/#!%7B%7D",
  ],
  ["https://neuroglancer-demo.appspot.com/", "neuroglancer", "state", "https://neuroglancer-demo.appspot.com/"],
  ["http://127.0.0.1:8080/v/#!{'a':1}", "neuroglancer", "state", "http://127.0.0.1:8080/v/#!{'a':1}"],
  ["https://example.org/volume.tif", "direct", "file", "https://example.org/volume.tif"],
  ["https://example.org/a/tomo.REC?token=1", "direct", "file", "https://example.org/a/tomo.REC?token=1"],
  [
    "ftp://ftp.ebi.ac.uk/empiar/world_availability/11759/",
    "direct",
    "folder",
    "ftp://ftp.ebi.ac.uk/empiar/world_availability/11759/",
  ],
  [
    "https://ftp.ebi.ac.uk/empiar/world_availability/11759/",
    "direct",
    "folder",
    "https://ftp.ebi.ac.uk/empiar/world_availability/11759/",
  ],
  ["s3://bucket/tomo.zarr", "direct", "volume", "s3://bucket/tomo.zarr"],
  ["s3://bucket/prefix", "direct", "folder", "s3://bucket/prefix"],
  ["gs://bucket/a/info", "direct", "volume", "gs://bucket/a/info"],
  ["precomputed://gs://bucket/a", "direct", "volume", "precomputed://gs://bucket/a"],
  ["zarr://https://example.org/x", "direct", "volume", "zarr://https://example.org/x"],
  ["https://example.org/x.n5/", "direct", "volume", "https://example.org/x.n5/"],
];

/** Almost a portal's: these belong to nobody but the address itself. */
const DIRECT = [
  "https://idr.openmicroscopy.org.evil.example/webclient/img_detail/1/",
  "https://idr.openmicroscopy.org@evil.example/webclient/img_detail/1/",
  "https://user:pass@idr.openmicroscopy.org/webclient/img_detail/1/",
  "https://idr.openmicroscopy.org:8443/webclient/img_detail/1/",
  "https://evil.example/https://idr.openmicroscopy.org/webclient/img_detail/1/",
  "https://notebi.ac.uk/empiar/11759/",
  "https://ebi.ac.uk.evil.example/empiar/11759/",
  "https://www.ebi.ac.uk/empiar/11759/../../admin",
  "https://www.ebi.ac.uk/empiar/%2e%2e/11759",
  "https://www.ebi.ac.uk/empiar/EMPIAR-11759x/",
  "https://openorganelle.janelia.org/datasets/a%2Fb",
  "https://openorganelle.janelia.org/datasets/",
  "https://cryoetdataportal.czscience.com/datasets/10000/extra",
  "https://cryoetdataportal.czscience.com/annotations/1",
  "https://idr.openmicroscopy.org/webclient/?show=tag-1",
  "s3://janelia-cosem-datasets-evil/jrc_x/",
  "https://tinyurl.com/",
  "https://tinyurl.com.evil.example/hemibrain-ng",
  "https://evil-dot-neuroglancer-demo.appspot.com.evil.example/x",
];

const REFUSED = [
  "",
  "   ",
  "tomo.mrc",
  "/data/tomo.mrc",
  "../x",
  "C:\\data\\tomo.mrc",
  "EMPIAR-",
  "EMPIAR-12a",
  "idr86",
  "javascript:alert(1)",
  "file:///etc/passwd",
  "data:text/html,x",
  "gopher://example.org/x",
  "http://",
  "https://exa mple.org/x",
  "https://example.org/a\nb.tif",
  "https://example.org/\u0000.tif",
  `https://example.org/${"a".repeat(3_000_000)}`,
];

describe("recognise", () => {
  it.each(KNOWN)("%s → %s %s %s", (typed, portal, kind, id) => {
    const found = recognise(typed);
    expect([found.portal.name, found.target.kind, found.target.id]).toEqual([portal, kind, id]);
  });

  it.each(DIRECT)("%s is nobody's page", (typed) => {
    expect(recognise(typed).portal.name).toBe("direct");
  });

  it.each(REFUSED)("refuses %j", (typed) => {
    expect(() => recognise(typed)).toThrow(expect.objectContaining({ code: "UNKNOWN_PORTAL" }));
  });

  it("knows an address below a portal's base as the portal's", () => {
    const bases = parseBases(["idr=http://127.0.0.1:9000", "cryoet=http://127.0.0.1:8080/portal/"], PORTAL_NAMES);
    expect(recognise("http://127.0.0.1:9000/webclient/img_detail/7/", bases).target).toMatchObject({ kind: "image", id: "7" });
    expect(recognise("http://127.0.0.1:8080/portal/runs/5", bases).portal.name).toBe("cryoet");
    expect(recognise("http://127.0.0.1:90001/webclient/img_detail/7/".replace("90001", "9001"), bases).portal.name).toBe(
      "direct",
    );
    expect(
      recognise("http://127.0.0.1:9000.evil.example/webclient/img_detail/7/".replace(":9000", "-9000"), bases).portal.name,
    ).toBe("direct");
  });
});

describe("PORTALS", () => {
  it("have names that --portal-base takes, each once", () => {
    expect(new Set(PORTAL_NAMES).size).toBe(PORTALS.length);
    expect(PORTAL_NAMES.filter((name) => !/^[a-z][a-z0-9-]*$/.test(name))).toEqual([]);
    expect(findPortal("empiar")?.folderName?.(recognise("EMPIAR-11759").target)).toBe("11759");
    expect(findPortal("nobody")).toBeUndefined();
  });

  it.each(["harvest-describe", "harvest-download"])("are all named in the help of %s", (command) => {
    const help = readFileSync(new URL(`../../test/golden/help/${command}.txt`, import.meta.url), "utf8").replace(/\s+/g, " ");
    expect(
      PORTALS.filter(({ title }) => !help.includes(title)).map(({ name }) => name),
      `not named in src/cli/${command}.ts, or its golden text is older: npx vitest run test/foundations -u`,
    ).toEqual([]);
  });

  it("know how an accession begins", () => {
    const begins = new RegExp(`^(?:${ACCESSION})`, "i");
    const known = KNOWN.map(([typed]) => typed).filter((typed) => /^[A-Z]+-?\d*-?\w+$/i.test(typed));
    expect(known.length).toBeGreaterThan(4);
    expect(known.filter((typed) => !begins.test(typed))).toEqual([]);
  });

  it("have the keys of the user's environment", () => {
    expect(accessesOf({ PATH: "/bin", EMPORIUM_OPENORGANELLE_URL: "https://else.example" })).toEqual({});
    const { openorganelle } = accessesOf({ EMPORIUM_OPENORGANELLE_KEY: "k" });
    expect([openorganelle?.base, openorganelle?.key.reveal()]).toEqual(["https://openorganelle.janelia.org", "k"]);
    const moved = accessesOf({ EMPORIUM_OPENORGANELLE_KEY: "k", EMPORIUM_OPENORGANELLE_URL: "https://else.example" });
    expect(moved.openorganelle?.base).toBe("https://else.example");
  });
});

describe("parseBases", () => {
  it.each(["idr", "idr=", "idr=ftp://x", "idr=/a", "=http://x", "idrr=http://127.0.0.1", "idr=http://x/?q=1", "a b=http://x"])(
    "refuses %j",
    (word) => {
      expect(() => parseBases([word], PORTAL_NAMES)).toThrow(expect.objectContaining({ code: "USAGE" }));
    },
  );
  it("takes portals and hosts, in any case, without a last slash", () => {
    expect([...parseBases(["IDR=http://127.0.0.1:9000/", "ftp.ebi.ac.uk=https://mirror.example/ebi/"], PORTAL_NAMES)]).toEqual([
      ["idr", "http://127.0.0.1:9000"],
      ["ftp.ebi.ac.uk", "https://mirror.example/ebi"],
    ]);
  });
});
