import { describe, expect, it } from "vitest";
import { awsCredentials, cores, embeddedFinding, examine, findingText, memory, nodeVersion, serverFinding } from "./doctor.js";

const GiB = 2 ** 30;

describe("doctor", () => {
  it("finds what it needs here, each thing once", async () => {
    const findings = await examine({ env: {}, workspace: "not/there/yet" });
    expect(findings.map(({ name }) => name)).toEqual([
      "node",
      "cores",
      "memory",
      "worker threads",
      "WebAssembly",
      "temporary folder",
      "workspace",
      "AWS credentials",
    ]);
    expect(
      findings.filter(({ name, status }) => ["node", "worker threads", "WebAssembly"].includes(name) && status !== "ok"),
    ).toEqual([]);
  });

  it.each([
    ["20.18.3", "fail"],
    ["18.20.0", "fail"],
    ["20.19.0", "ok"],
    ["24.1.0", "ok"],
  ])("takes Node %s as %s", (version, status) => {
    expect(nodeVersion(version).status).toBe(status);
  });

  it("warns where a control group gives fewer cores than there are", () => {
    expect(cores(8, undefined)).toMatchObject({ status: "ok", found: "8" });
    expect(cores(8, 1.5)).toMatchObject({ status: "warn", hint: "use --jobs 1 instead of the default of one worker per core" });
  });

  it.each([
    [16 * GiB, undefined, "ok", "16.0 GiB; buffers take up to 512 MiB"],
    [16 * GiB, 2 ** 64, "ok", "16.0 GiB; buffers take up to 512 MiB"],
    [16 * GiB, 0, "ok", "16.0 GiB; buffers take up to 512 MiB"],
    [16 * GiB, GiB / 2, "warn", "16.0 GiB, limited to 512 MiB by the control group; buffers take up to 256 MiB"],
    [16 * GiB, GiB / 10, "fail", "16.0 GiB, limited to 102 MiB by the control group; buffers take up to 64.0 MiB"],
  ] as const)("judges memory of %d limited to %s", (total, limit, status, found) => {
    expect(memory(total, limit)).toMatchObject({ status, found });
  });

  it("says where credentials come from and never what they are", () => {
    const secret = {
      AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "canary-5150",
      AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9000",
    };
    const finding = awsCredentials(secret, false, false);
    expect(finding.found).toBe("in the environment, with an endpoint of its own");
    expect(JSON.stringify(finding)).not.toMatch(/AKIA|canary/);
    expect(awsCredentials({ AWS_ACCESS_KEY_ID: "x" }, true, true).status).toBe("warn");
    expect(awsCredentials({}, true, true).found).toBe("in the profile file");
    expect(awsCredentials({}, false, false).found).toMatch(/^none found/);
  });

  it("says which PostgreSQL the catalogue would use, and whether its tables fit", () => {
    expect(embeddedFinding({ version: "18.4", uid: 65_534, cluster: "none" })).toEqual({
      name: "PostgreSQL",
      status: "ok",
      found: "embedded 18.4 as user 65534, no database in the workspace yet",
    });
    const server = { version: "16.2", name: "postgresql://ada@h/d" };
    const whole = { applied: ["0001-microscopy"], pending: [], unknown: [] };
    expect(serverFinding(server, whole)).toMatchObject({ status: "ok", found: "16.2 at postgresql://ada@h/d" });
    expect(serverFinding(server, { ...whole, applied: [], pending: ["0001-microscopy"] })).toMatchObject({
      status: "warn",
      found: "16.2 at postgresql://ada@h/d, without tables",
      hint: "create them with emporium catalog migrate",
    });
    expect(serverFinding(server, { ...whole, unknown: ["0099-later"] })).toMatchObject({
      status: "warn",
      found: expect.stringContaining("newer emporium"),
    });
  });

  it("prints a line for each finding and its hint below", () => {
    expect(findingText({ name: "node", status: "fail", found: "18.0.0", hint: "newer" })).toBe(
      "fail  node                18.0.0\n                          hint: newer",
    );
  });
});
