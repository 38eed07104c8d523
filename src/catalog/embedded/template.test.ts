import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyTemplate } from "./template.js";
import type { Binaries } from "./tool.js";

/** Whether a database comes up from a copy is for the image's own test, where there is no shell. */
const binaries: Binaries = { version: "18.4", major: 18, program: (name) => name, environment: {} };

describe("a template of a database", () => {
  let folder = "";
  let template = "";
  const data = () => join(folder, "data");
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "emporium-template-"));
    template = join(folder, "template");
    mkdirSync(join(template, "base"), { recursive: true });
    writeFileSync(join(template, "PG_VERSION"), "18\n");
    writeFileSync(join(template, "base/1"), "rows", { mode: 0o444 });
    mkdirSync(data(), { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is copied for its user alone, however readable it is itself", async () => {
    await copyTemplate(template, data(), binaries, undefined);
    const modes = ["", "base", "base/1", "PG_VERSION"].map((name) => statSync(join(data(), name)).mode & 0o777);
    expect(modes).toEqual([0o700, 0o700, 0o600, 0o600]);
  });

  it("is refused if another PostgreSQL made it, if its server may run, or if it is none", async () => {
    writeFileSync(join(template, "postmaster.pid"), "1\n");
    await expect(copyTemplate(template, data(), binaries, undefined)).rejects.toMatchObject({ code: "DATABASE_EMBEDDED" });
    rmSync(join(template, "postmaster.pid"));
    writeFileSync(join(template, "PG_VERSION"), "17\n");
    await expect(copyTemplate(template, data(), binaries, undefined)).rejects.toThrow(/made by PostgreSQL 17/);
    await expect(copyTemplate(join(folder, "none"), data(), binaries, undefined)).rejects.toMatchObject({
      facts: { place: { file: join(folder, "none/PG_VERSION") } },
    });
    expect(existsSync(join(data(), "base"))).toBe(false);
  });
});
