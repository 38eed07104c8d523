import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../../core/errors.js";
import { parseUploadTable } from "./upload-table.js";

const ID = "ML-2018-11-07-09-35-54-0010";
const rowsOf = (text: string) => parseUploadTable(text, "t.csv").rows.map((row) => ("row" in row ? row.row : row.error));

describe("parseUploadTable", () => {
  it("takes columns in any order, an index column, gaps in the words of pandas, positions in all their forms", () => {
    const text = [
      ",positions,file_name,dataset_id,description,parent_dataset_id",
      `0,,a.tif,${ID.replace("0010", "0001")},nan,None`,
      `1,3.0,b.tif,${ID.replace("0010", "0002")}, text ,NONE`,
      `2,"[1, 3]",c.tif,${ID.replace("0010", "0003")},"a, b",${ID}`,
      `3,7,d.tif,${ID.replace("0010", "0004")}`,
    ].join("\n");
    expect(rowsOf(text)).toMatchObject([
      { fileName: "a.tif", description: null, parent: null, positions: undefined, place: { line: 2 } },
      { fileName: "b.tif", description: "text", parent: null, positions: [3] },
      { fileName: "c.tif", description: "a, b", parent: ID, positions: [1, 3] },
      { fileName: "d.tif", description: null, positions: [7] },
    ]);
  });

  it.each([
    [`${ID},`, "file_name is empty", 2, 29],
    [",a.tif", "dataset_id is empty", 2, 1],
    [`${ID},a.tif,x,,,1,2`, "7 fields, the header has 5", 2, undefined],
    [`${ID},a.tif,,,"[1, x]"`, "expected a whole number or a list", 2, 37],
    [`${ID},a.tif,,,"[1, 2, "`, "expected a whole number or a list", 2, 37],
    ["ML-2018-02-30-09-35-54-0010,a.tif", "which does not exist", 2, 1],
  ])("%j: %s", (line, message, at, column) => {
    const [row] = parseUploadTable(`dataset_id,file_name,description,parent_dataset_id,positions\n${line}\n`, "t.csv").rows;
    expect(
      "error" in row! && [row.error.message.includes(message), row.error.facts.place?.line, row.error.facts.place?.column],
    ).toEqual([true, at, column]);
  });

  it("names both lines of an id that comes twice", () => {
    const [, second] = rowsOf(`dataset_id,file_name\n${ID},a\n\n${ID},b\n`);
    expect(second).toMatchObject({
      code: "CONFIG_COLLISION",
      message: `the data set ${ID} is also in line 2`,
      facts: { place: { line: 4 } },
    });
  });

  it.each([
    ["", "the table is empty"],
    ["dataset_id,file_name\n", "no data set"],
    ["dataset_id\nx", "the column file_name is missing"],
    ["dataset_id,file_name,dataset_id\nx,y,z", "appears twice"],
  ])("refuses %j", (text, message) => {
    expect(() => parseUploadTable(text, "t.csv")).toThrow(message);
  });

  it("passes over what it does not know, with a warning", () => {
    expect(parseUploadTable(`dataset_id,file_name,descripton\n${ID},a,b`, "t.csv").warnings).toEqual([
      't.csv: the column "descripton" is not known and passed over (description?)',
    ]);
  });

  it("any text gives rows or one of our errors", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        try {
          parseUploadTable(`dataset_id,file_name,positions\n${text}`, "t.csv");
        } catch (error) {
          expect(isEmporiumError(error)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});
