import { describe, expect, it } from "vitest";
import { fileOf, folderPage, makeTree } from "../../../examples/portals/tree.mjs";
import { readAutoindex } from "./autoindex.js";

const FOLDER = "https://h.test/data/set%201/";
const tree = makeTree([
  ["data/set 1/a&b <1>.tif", fileOf("12345")],
  ["data/set 1/ü%.mrc", fileOf("1")],
  ["data/set 1/#1.dm3", fileOf(new Uint8Array(20_000))],
  ["data/set 1/sub/deep.txt", fileOf("x")],
]);
const NOON = Date.UTC(2024, 0, 15, 12);

describe("readAutoindex", () => {
  it("reads Apache's page: names, folders, dates; sizes that it rounds are left out", () => {
    expect(readAutoindex(folderPage(tree, "data/set 1/", "apache")!, FOLDER)).toEqual([
      { name: "#1.dm3", url: `${FOLDER}%231.dm3`, kind: "file", roundedSize: 20_480, modifiedMs: NOON },
      { name: "a&b <1>.tif", url: `${FOLDER}a%26b%20%3C1%3E.tif`, kind: "file", size: 5, modifiedMs: NOON },
      { name: "sub", url: `${FOLDER}sub/`, kind: "folder", size: undefined, modifiedMs: NOON },
      { name: "ü%.mrc", url: `${FOLDER}%C3%BC%25.mrc`, kind: "file", size: 1, modifiedMs: NOON },
    ]);
  });

  it("reads nginx's page with its exact sizes", () => {
    const entries = readAutoindex(folderPage(tree, "data/set 1/", "nginx")!, FOLDER);
    expect(entries.map(({ name, size }) => [name, size])).toEqual([
      ["#1.dm3", 20_000],
      ["a&b <1>.tif", 5],
      ["sub", undefined],
      ["ü%.mrc", 1],
    ]);
  });

  it("reads a table of Apache's fancy form", () => {
    const html = `<table><tr><th><a href="?C=N;O=D">Name</a></th></tr>
      <tr><td><img src="x.gif"></td><td><a href="/data/">Parent Directory</a></td><td>&nbsp;</td><td>  - </td></tr>
      <tr><td></td><td><a href="x.tif">x.tif</a></td><td align="right">2023-11-01 10:20  </td><td align="right"> 42 </td></tr></table>`;
    expect(readAutoindex(html, FOLDER)).toEqual([
      { name: "x.tif", url: `${FOLDER}x.tif`, kind: "file", size: 42, modifiedMs: Date.UTC(2023, 10, 1, 10, 20) },
    ]);
  });

  it("passes over what leads elsewhere", () => {
    const hrefs = [
      "../",
      "..",
      "./",
      ".",
      "/",
      "/data/",
      "?C=N",
      "#top",
      "",
      "https://evil.test/data/set%201/x",
      "//evil.test/x",
      "../set%202/x",
      "sub/x.tif",
      "a%2Fb",
      "..%2Fx",
      "%2e%2e/x",
      "x?y=1",
      "javascript:alert(1)",
      "mailto:a@b",
      "%E0%A4%A",
      "a%00b",
      "a%5Cb",
      "http://[",
      "ftp://h.test/data/set%201/x",
    ];
    const html = hrefs.map((href) => `<a href="${href}">x</a>`).join("\n");
    expect(readAutoindex(html, FOLDER)).toEqual([]);
  });

  it("takes each name once, absolute addresses of the folder too", () => {
    const html = `<a href="x.tif">icon</a><a href="x.tif">x</a><a href="${FOLDER}y.tif">y</a><a href='/data/set%201/z.tif'>z</a>`;
    expect(readAutoindex(html, FOLDER).map(({ name }) => name)).toEqual(["x.tif", "y.tif", "z.tif"]);
  });
});
