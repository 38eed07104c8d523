import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type JsonObject, parseJson } from "../../core/json.js";
import { type NgffKind, validateNgff } from "./ngff-validate.js";

const data = new URL("../../../../shared/data/zarr/", import.meta.url);
const present = existsSync(data);

/** The conformance cases of ome/ngff-spec: `spec/valid|invalid/<kind>/<case>.json`. */
const cases = present
  ? ["valid", "invalid"].flatMap((verdict) =>
      readdirSync(new URL(`ngff-spec/spec/${verdict}/`, data)).flatMap((kind) =>
        readdirSync(new URL(`ngff-spec/spec/${verdict}/${kind}/`, data)).map((file) => ({
          name: `${verdict}/${kind}/${file}`,
          valid: verdict === "valid",
          kind: (kind === "transforms" ? "image" : kind) as NgffKind,
        })),
      ),
    )
  : [];

const load = (path: string) => parseJson(readFileSync(new URL(path, data), "utf8")) as JsonObject;

/** The rule that a case of ome/ngff-spec breaks, where its name alone tells; others have several faults. */
const BROKEN: Record<string, [rule: string, path: string]> = {
  "invalid/image/duplicate_axes.json": ["unique", "ome.multiscales.0.coordinateSystems.0.axes.1"],
};

describe("the conformance cases of OME-NGFF", () => {
  it.skipIf(!present)("are all there", () => {
    expect(cases.length).toBe(81);
  });
  it.skipIf(!present).each(cases)("$name", ({ name, valid, kind }) => {
    const verdict = validateNgff(load(`ngff-spec/spec/${name}`), { kind });
    console.log(name, verdict.valid === valid ? "" : "WRONG", JSON.stringify(verdict.findings.map((f) => `${f.severity} ${f.rule} ${f.message}`), null, 1));
    expect(verdict.valid).toBe(valid);
    if (BROKEN[name]) expect(verdict.findings[0]).toMatchObject({ rule: BROKEN[name][0], path: BROKEN[name][1] });
  });
});
