import { describe, expect, it } from "vitest";
import { fiducialStatus } from "./tomogram.js";

/** true or "True" → FIDUCIAL, false or "False" → NON_FIDUCIAL, any other text in capitals: as the portal's own ingest does. */
describe("fiducialStatus", () => {
  it.each([
    [true, "FIDUCIAL"],
    ["True", "FIDUCIAL"],
    ["FIDUCIAL", "FIDUCIAL"],
    ["fiducial", "FIDUCIAL"],
    [false, "NON_FIDUCIAL"],
    ["False", "NON_FIDUCIAL"],
    ["NON_FIDUCIAL", "NON_FIDUCIAL"],
    ["non_fiducial", "NON_FIDUCIAL"],
  ])("%j is %s", (value, word) => {
    expect(fiducialStatus(value)).toBe(word);
  });

  it.each([undefined, null, "", "none", 0, 1, ["FIDUCIAL"]])("%j is refused, with the two words that are wanted", (value) => {
    expect(() => fiducialStatus(value, { file: "c.yaml", line: 3 })).toThrow(
      expect.objectContaining({
        code: "CONFIG_FIELD",
        message: `fiducial_alignment_status is ${JSON.stringify(value ?? null)}; expected FIDUCIAL or NON_FIDUCIAL`,
        facts: { place: { file: "c.yaml", line: 3 } },
      }),
    );
  });
});
