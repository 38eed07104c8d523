import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Portal } from "../../src/server/portal.js";
import { type AccessLab, accessLab, fileOf, LINK } from "../e2e/access-kit.js";
import { hasEnvironment, python } from "./environment.js";
import { awsEnvironment, filesBelow } from "./serve-kit.js";

/** Other people's programs at a server with access rules, with a token and without: the official client, copick, zarr-python, boto3, AWS's command line. */
const run = promisify(execFile);
const bin = fileURLToPath(new URL("../../.cache/venv-serve/bin/", import.meta.url));
const PUBLIC = [10001, 10005, 10007];

describe.skipIf(!hasEnvironment("peers"))("programs at a server with access rules", () => {
  let lab: AccessLab;
  let portal: Portal;
  beforeAll(async () => {
    lab = await accessLab((text) => createHash("sha256").update(text).digest("hex"), Date.parse("2026-11-28T12:00:00Z"));
    portal = await lab.serve();
  });
  afterAll(() => lab?.stop());

  const found = async (token: string, dataset: number): Promise<unknown> => {
    const tomogram = lab.things.find((one) => one.kind === "tomogram" && one.dataset === dataset)!;
    const key = fileOf(tomogram).replace(".mrc", ".zarr");
    const env = {
      ...awsEnvironment(portal),
      AWS_ACCESS_KEY_ID: "x",
      AWS_SECRET_ACCESS_KEY: "x",
      ...(token && { AWS_SESSION_TOKEN: token }),
    };
    return JSON.parse(await python("peers", "access_clients.py", [portal.url, token, String(dataset), key], env));
  };

  it("see nothing of a hidden dataset without a token, and all of it with one", async () => {
    const nothing = { one: null, runs: [], annotations: 0, copick: [], zarr: "GroupNotFoundError", keys: 0, size: 404 };
    expect(await found("", 10004)).toEqual({ datasets: PUBLIC, ...nothing });
    expect(await found(lab.tokens.lars!, 10004)).toEqual({ datasets: PUBLIC, ...nothing });
    expect(await found(lab.tokens.eve!, 10004)).toEqual({
      ...{
        datasets: [10001, 10003, 10004, 10005, 10007],
        one: 10004,
        runs: ["TS_4"],
        annotations: 1,
        copick: ["TS_4"],
        zarr: [2, 3, 4],
      },
      keys: filesBelow(join(lab.tree, "10004")).length,
      size: statSync(join(lab.tree, "10004/dataset_metadata.json")).size,
    });
  }, 300_000);

  it("take a link's key for a token, as long as it lasts", async () => {
    expect(await found(LINK, 10003)).toMatchObject({ one: 10003, runs: ["TS_3"], copick: ["TS_3"], zarr: [2, 3, 4] });
    lab.clock.advance(Date.parse("2027-03-02T00:00:00Z") - lab.clock.now());
    expect(await found(LINK, 10006)).toMatchObject({ one: null, runs: [], keys: 0, size: 404 });
    lab.clock.advance(Date.parse("2026-11-28T12:00:00Z") - lab.clock.now());
  }, 300_000);

  it.skipIf(!hasEnvironment("serve"))(
    "are AWS's command line, too",
    async () => {
      lab.clock.advance(10_000);
      const aws = async (token: string | undefined, ...words: string[]) => {
        const signs = token === undefined ? ["--no-sign-request"] : [];
        const env = {
          ...process.env,
          ...awsEnvironment(portal),
          AWS_ACCESS_KEY_ID: "x",
          AWS_SECRET_ACCESS_KEY: "x",
          AWS_SESSION_TOKEN: token,
        };
        return run(join(bin, "aws"), ["--endpoint-url", portal.s3, ...signs, ...words], { env }).then(
          ({ stdout }) => stdout,
          ({ stderr }: { stderr: string }) => stderr,
        );
      };
      const folders = (text: string) => [...text.matchAll(/PRE (\d+)\//g)].map(([, id]) => Number(id));
      expect(folders(await aws(undefined, "s3", "ls", "s3://portal/"))).toEqual(PUBLIC);
      expect(folders(await aws(lab.tokens.eve, "s3", "ls", "s3://portal/"))).toEqual([10001, 10003, 10004, 10005, 10007]);
      const copy = (token?: string) => aws(token, "s3", "cp", "s3://portal/10004/dataset_metadata.json", "-");
      expect(await copy()).toMatch(/\(404\)/);
      expect(await copy(lab.tokens.eve)).toMatch(/title/);
    },
    300_000,
  );
});
