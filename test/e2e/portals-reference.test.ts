import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { parseBases } from "../../src/portals/bases.js";
import { PORTAL_NAMES } from "../../src/portals/registry.js";
import { normalLink, readWebMetadata } from "../../src/portals/web-metadata.js";
import { REAL_DATA } from "../real-data.js";
import { type Offline, offline, sharedJson } from "./portals-kit.js";

const NAME = "harvest/web_metadata.json";
const hasData = existsSync(new URL(`${NAME}`, REAL_DATA));

/** The five addresses of the original work. */
const FIVE = [
  "https://idr.openmicroscopy.org/webclient/img_detail/9846137/?dataset=10740",
  "https://www.ebi.ac.uk/empiar/EMPIAR-11759/",
  "https://www.epfl.ch/labs/cvlab/data/data-em/",
  "https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2",
  "https://tinyurl.com/hemibrain-ng",
];

interface ReferenceRecord {
  raw_metadata?: unknown;
  dataset_description?: string;
  download_links: string[];
}

/** What the original program read of the stand-ins: see the README beside it. */
const ORIGINAL = JSON.parse(readFileSync(new URL("../golden/portals/original.json", import.meta.url), "utf8")) as {
  pages: { method: string; url: string; status: number; sha256: string }[];
  records: Record<string, ReferenceRecord>;
};

let portals: Offline | undefined;
afterEach(async () => {
  await portals?.close();
  portals = undefined;
});

describe("web_metadata.json of the five addresses", () => {
  it("has the names, parts and links of the reference", async () => {
    portals = await offline();
    const own = await portals.document(FIVE, false);
    expect(Object.keys(own)).toEqual(["idr", "empiar", "epfl", "openorganelle", "hemibrain"]);
    for (const record of Object.values(own)) {
      expect(Object.keys(record).slice(0, 6)).toEqual([
        "portal",
        "source_url",
        "retrieved_at",
        "raw_metadata",
        "download_links",
        "requests",
      ]);
    }
    const compat = await portals.document(FIVE, true);
    expect(Object.entries(compat).map(([name, record]) => [name, Object.keys(record)])).toEqual([
      ["idr", ["raw_metadata", "download_links"]],
      ["empiar", ["raw_metadata", "download_links"]],
      ["epfl", ["dataset_description", "download_links"]],
      ["openorganelle", ["raw_metadata", "download_links"]],
      ["hemibrain", ["raw_metadata", "download_links"]],
    ]);
    expect(compat.idr).toEqual({ raw_metadata: {}, download_links: own.idr!.download_links });
    for (const name of Object.keys(own)) expect(compat[name]!.download_links).toEqual(own[name]!.download_links);
  });

  it("is the same when each portal is redirected by its name, to one server without hosts in its paths", async () => {
    portals = await offline();
    const names = ["idr", "empiar", "epfl", "openorganelle", "neuroglancer"].map((name) => `${name}=${portals!.url}`);
    const byName = await portals.document(FIVE, false, parseBases(names, PORTAL_NAMES));
    const byHost = await portals.document(FIVE, false);
    for (const [name, record] of Object.entries(byHost)) {
      expect(byName[name]!.download_links, name).toEqual(record.download_links);
      expect(byName[name]!.raw_metadata, name).toEqual(record.raw_metadata);
    }
  });

  it("(34.35) has the records that the original program's own parsers read from the same pages", async () => {
    portals = await offline();
    const compat = await portals.document(FIVE, true);
    expect(Object.keys(compat).sort()).toEqual(Object.keys(ORIGINAL.records).sort());
    for (const [name, record] of Object.entries(ORIGINAL.records)) {
      const links = [...new Set(record.download_links.map(normalLink))];
      expect(compat[name], name).toEqual({ ...record, download_links: links });
    }
  });

  it("(34.35) comes from the pages that the original program's parsers read, byte for byte", async () => {
    portals = await offline();
    for (const { method, url, status, sha256 } of ORIGINAL.pages) {
      const reply = await fetch(url.replace("https://", `${portals.url}/`), { method, redirect: "manual" });
      const bytes = createHash("sha256").update(new Uint8Array(await reply.arrayBuffer()));
      const seen = bytes.update(reply.headers.get("location") ?? "").digest("hex");
      expect([reply.status, seen], `${url}: run test/golden/portals/original.mjs again`).toEqual([status, sha256]);
    }
  });

  it.skipIf(!hasData)("equals the reference's file with --compat reference (needs real files)", async () => {
    const reference = sharedJson(NAME) as Record<string, ReferenceRecord>;
    // The two texts that are too long to make up: the view's state and the page's paragraph go through the portals and come out the same.
    portals = await offline({
      hemibrain: reference.hemibrain!.raw_metadata,
      epflDescription: `  ${reference.epfl!.dataset_description!} `,
    });
    const compat = (await portals.document(FIVE, true)) as unknown as Record<string, ReferenceRecord>;
    for (const [name, record] of Object.entries(reference)) {
      const links = [...new Set(record.download_links.map(normalLink))];
      expect(compat[name], name).toEqual({ ...record, download_links: links });
    }
    expect(compat.epfl!.download_links).toHaveLength(6);
  });

  it.skipIf(!hasData)("is read whoever wrote it (needs real files)", () => {
    const records = readWebMetadata(JSON.stringify(sharedJson(NAME)), NAME);
    expect(records.map(({ name, download_links: links }) => [name, links.length])).toEqual([
      ["epfl", 6],
      ["openorganelle", 1],
      ["hemibrain", 6],
    ]);
    expect(records[0]!.raw_metadata).toHaveProperty("dataset_description");
    expect(records[0]!.download_links[0]).toContain("/data/%20ElectronMicroscopy_Hippocampus/volumedata.tif");
  });
});
