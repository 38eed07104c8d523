import { describe, expect, it } from "vitest";
import type { WebRecord } from "./registry.js";
import { readWebMetadata, webMetadata } from "./web-metadata.js";

const record = (key: string, suffix?: string, more: Partial<WebRecord> = {}): WebRecord => ({
  key,
  suffix,
  portal: "idr",
  source_url: "https://x.test/",
  retrieved_at: "2026-01-02T03:04:05.000Z",
  raw_metadata: { a: 1 },
  download_links: ["https://x.test/a.tif"],
  requests: [{ url: "https://x.test/", status: 200, sha256: "00", retrieved_at: "2026-01-02T03:04:05.000Z" }],
  warnings: [],
  extra: {},
  ...more,
});

describe("webMetadata", () => {
  it("tells records of one name apart", () => {
    const metadata = webMetadata({ compat: false });
    expect(metadata.add(record("idr", "1"))).toBe("idr");
    expect(metadata.add(record("idr", "2"))).toBe("idr-2");
    expect(metadata.add(record("idr", "2"))).toBe("idr-2-2");
    expect(metadata.add(record("neuroglancer"))).toBe("neuroglancer");
    expect(metadata.add(record("neuroglancer"))).toBe("neuroglancer-2");
    expect(metadata.add(record("idr", "3"), "mine")).toBe("mine");
    expect(metadata.add(record("__proto__"))).toBe("__proto__");
    expect(Object.keys(metadata.document())).toHaveLength(7);
  });

  it("writes the record's fields, warnings when there are any", () => {
    const metadata = webMetadata({ compat: false });
    metadata.add(record("a", undefined, { extra: { dataset_description: "text" } }));
    metadata.add(record("b", undefined, { warnings: ["odd"] }));
    const { a, b } = metadata.document() as Record<string, object>;
    expect(Object.keys(a!)).toEqual([
      "portal",
      "source_url",
      "retrieved_at",
      "raw_metadata",
      "download_links",
      "requests",
      "dataset_description",
    ]);
    expect(b).toMatchObject({ warnings: ["odd"] });
  });
});

describe("readWebMetadata", () => {
  it("takes EPFL's description for its metadata, encodes blanks, drops what comes twice", () => {
    const text =
      '\ufeff{"epfl":{"dataset_description":"d","download_links":["https://x.test/ a.tif","https://x.test/%20a.tif","zarr://s3://b/ x"]},"bare":{}}';
    expect(readWebMetadata(text, "w.json")).toMatchObject([
      {
        name: "epfl",
        raw_metadata: { dataset_description: "d" },
        download_links: ["https://x.test/%20a.tif", "zarr://s3://b/ x"],
        portal: undefined,
      },
      { name: "bare", raw_metadata: {}, download_links: [] },
    ]);
  });

  it.each([
    ["[]", "CONFIG_FIELD"],
    ["1", "CONFIG_FIELD"],
    ['{"a":[]}', "CONFIG_FIELD"],
    ['{"a":{"download_links":[1]}}', "CONFIG_FIELD"],
    ["{", "CONFIG_SYNTAX"],
  ])("%s: %s", (text, code) => {
    expect(() => readWebMetadata(text, "w.json")).toThrow(expect.objectContaining({ code }));
  });
});
