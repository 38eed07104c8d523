import { expect, it } from "vitest";
import { laboratoryWith } from "../../../../../test/laboratory-kit.js";
import type { Decision } from "../decide.js";
import { settleCtfFormats } from "./ctf-formats.js";

const CTFFIND = "# Columns: #1 micrograph number; #2 - defocus 1 [A]\n1 38100.0 37800.0 -31.4 0.0 0.11 10.0\n";
/** As AreTomo2's CImodUtil.cpp writes it. */
const IMOD = "1  0  0.0  0.0  0.0  3\n   1     1   -48.00   -48.00   3780.00   3810.00   -31.40\n";

it("what stands in a CTF estimate decides its format, and one that cannot be read is left out", async () => {
  const texts = { "a.txt": CTFFIND, "b.txt": IMOD, "c.txt": IMOD, "d.txt": "1 2\n" };
  const formats = { "a.txt": "IMOD", "b.txt": "IMOD", "c.txt": "CTFFIND", "d.txt": "CTFFIND" };
  const files = new Map(
    Object.entries(formats).map(([path, format]): [string, Decision] => [
      path,
      { path, role: "ctf", run: path, because: "a table names it", strength: "bookkeeping", details: { format } },
    ]),
  );
  await settleCtfFormats(files, await laboratoryWith(texts));
  expect([...files.values()].map(({ role, details }) => [role, details.format])).toEqual([
    ["ctf", "CTFFIND"],
    ["ctf", "IMOD"],
    ["ctf", "IMOD"],
    ["left out", undefined],
  ]);
  expect(files.get("a.txt")!.because).toBe("a table names it; its lines are those of CTFFIND");
});
