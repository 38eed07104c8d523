import { expect, it } from "vitest";
import { Segment } from "./frame.js";
import { type HuffmanTable, parseHuffmanTables } from "./huffman.js";

it("a table has 256 codes at most", () => {
  const parse = (codes: number) => {
    // of 15 and 16 bits, as many of each as a byte can say
    const counts = [...new Array<number>(14).fill(0), Math.min(codes, 200), Math.max(0, codes - 200)];
    const bytes = Uint8Array.from([0, ...counts, ...new Array<number>(codes).fill(1)]);
    const tables = new Map<number, HuffmanTable>();
    parseHuffmanTables(new Segment(bytes, 0, bytes.length, "x.jpg"), "x.jpg", tables);
    return tables.get(0)!.symbols.length;
  };
  expect(parse(256)).toBe(256);
  expect(() => parse(257)).toThrow("257 Huffman codes");
});
