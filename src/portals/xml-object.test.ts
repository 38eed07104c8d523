import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { xmlObject } from "./xml-object.js";

const golden = JSON.parse(readFileSync(new URL("../../test/golden/portals/xml-objects.json", import.meta.url), "utf8")) as {
  objects: { xml: string; object: unknown }[];
};

describe("xmlObject", () => {
  it.each(golden.objects)("reads $xml as xmltodict does", ({ xml, object }) => {
    expect(xmlObject(xml, "https://x.test/a.xml")).toEqual(object);
  });

  it.each([
    "",
    "text",
    "<a>",
    "<a></b>",
    "<a/><b/>",
    "<a",
    "{}",
    "<a><__proto__>1</__proto__></a>", // the parser's own caution
    "<constructor/>",
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    "<a>".repeat(5000),
    `${"<a>".repeat(200)}${"</a>".repeat(200)}`,
  ])("PORTAL_REPLY for %.40s", (xml) => {
    expect(() => xmlObject(xml, "https://x.test/a.xml")).toThrow(expect.objectContaining({ code: "PORTAL_REPLY" }));
  });
});
