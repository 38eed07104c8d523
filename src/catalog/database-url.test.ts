import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { formatError, isEmporiumError, toErrorRecord } from "../core/errors.js";
import { redact } from "../core/redact.js";
import { chooseDatabase, describeUrl, holdsPassword, readLogin } from "./database-url.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-login-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The login that imagingDB ships as its sample. */
const SAMPLE = {
  drivername: "postgres",
  username: "imaging_user",
  password: "imaging_passwd",
  host: "localhost",
  port: 5433,
  dbname: "imaging_test",
};

function login(value: unknown, name = "login.json"): string {
  const file = join(folder, name);
  writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
  return file;
}

async function errorOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isEmporiumError(error)) throw new Error("no error of ours");
  return toErrorRecord(error);
}

describe("the choice of a database", () => {
  it("is the command line's, else the environment's, else the embedded one", async () => {
    const env = { EMPORIUM_DATABASE_URL: "postgres://env@host/db" };
    expect((await chooseDatabase({ url: "postgresql://flag@host/db", env }))?.reveal()).toBe("postgresql://flag@host/db");
    expect((await chooseDatabase({ env }))?.reveal()).toBe("postgresql://env@host/db");
    expect(await chooseDatabase({ env: {} })).toBeUndefined();
    expect(await chooseDatabase({ env: { EMPORIUM_DATABASE_URL: "" } })).toBeUndefined();
    expect(await errorOf(chooseDatabase({ url: "postgres://x/y", login: "file", env }))).toMatchObject({ code: "USAGE" });
  });

  it("takes the addresses that SQLAlchemy takes", async () => {
    for (const scheme of ["postgres", "postgresql", "postgresql+psycopg2", "POSTGRES"]) {
      expect((await chooseDatabase({ url: `${scheme}://u@h:5/d`, env: {} }))?.reveal()).toBe("postgresql://u@h:5/d");
    }
    for (const url of ["mysql://h/canary", "host=h password=canary", "", "postgres:/h/canary", "postgres://u:canary@h:port/d"]) {
      const record = await errorOf(chooseDatabase({ url, env: {} }));
      expect(record).toMatchObject({ code: "USAGE", message: "--database: not the address of a PostgreSQL server" });
      expect(formatError(record)).not.toContain("canary");
    }
  });

  it("is described without its password, wherever that stands", async () => {
    for (const [url, text] of [
      ["postgres://ada:canary-1@db.example.org:5433/images?sslmode=require", "postgresql://ada@db.example.org:5433/images"],
      ["postgres://db.example.org/images?user=ada&password=canary-2", "postgresql://db.example.org/images"],
      ["postgres://ada:canary%2F3@localhost/images?host=/run/postgresql", "postgresql://ada@localhost/images"],
    ] as const) {
      const secret = (await chooseDatabase({ url, env: {} }))!;
      expect(describeUrl(secret)).toBe(text);
      expect(holdsPassword(secret)).toBe(true);
      expect(`${secret} ${JSON.stringify({ secret })} ${inspect({ secret })} ${redact(url)}`).not.toMatch(/canary/);
    }
    expect(holdsPassword((await chooseDatabase({ url: "postgres://ada@h/d", env: {} }))!)).toBe(false);
  });
});

describe("a login file of imagingDB", () => {
  it("is read as the reference reads it, for today's drivers", async () => {
    expect((await readLogin(login(SAMPLE))).reveal()).toBe(
      "postgresql://imaging_user:imaging_passwd@localhost:5433/imaging_test",
    );
    const other = { ...SAMPLE, username: "user", password: "pwd", host: "db_host", port: 666, dbname: "db_name" };
    expect((await readLogin(login(other))).reveal()).toBe("postgresql://user:pwd@db_host:666/db_name");
  });

  it("may hold any character in its words", async () => {
    const odd = { ...SAMPLE, username: "a@b", password: "p:/?#[]@ ä%", dbname: "x y", host: "::1" };
    const url = new URL((await readLogin(login(odd))).reveal());
    expect([url.username, url.password, url.pathname].map(decodeURIComponent)).toEqual(["a@b", "p:/?#[]@ ä%", "/x y"]);
    expect(url.hostname).toBe("[::1]");
    const socket = { ...SAMPLE, host: "/run/postgresql" };
    expect(new URL((await readLogin(login(socket))).reveal()).searchParams.get("host")).toBe("/run/postgresql");
    expect((await readLogin(login(`\uFEFF${JSON.stringify(SAMPLE)}`))).reveal()).toContain("imaging_user");
  });

  it("is refused with the name of what is wrong, and never its values", async () => {
    for (const key of Object.keys(SAMPLE)) {
      const { [key as keyof typeof SAMPLE]: _, ...rest } = { ...SAMPLE, password: "canary-4" };
      expect(await errorOf(readLogin(login(rest)))).toMatchObject({ code: "CONFIG_FIELD", path: key });
    }
    for (const [value, code, path] of [
      [{ ...SAMPLE, port: "5433" }, "CONFIG_FIELD", "port"],
      [{ ...SAMPLE, port: 70_000 }, "CONFIG_FIELD", "port"],
      [{ ...SAMPLE, port: 5433.5 }, "CONFIG_FIELD", "port"],
      [{ ...SAMPLE, host: null }, "CONFIG_FIELD", "host"],
      [{ ...SAMPLE, drivername: "mysql" }, "CONFIG_FIELD", "drivername"],
      ["[]", "CONFIG_FIELD", "drivername"],
      ["null", "CONFIG_FIELD", "drivername"],
      ['{"password": "canary-5", ', "CONFIG_SYNTAX", undefined],
      ["", "CONFIG_SYNTAX", undefined],
    ] as const) {
      const record = await errorOf(readLogin(login(value)));
      expect(record).toMatchObject({ code, file: join(folder, "login.json") });
      expect(record.path).toBe(path);
      expect(formatError(record)).not.toMatch(/canary|imaging_passwd/);
    }
    expect(await errorOf(readLogin(join(folder, "none.json")))).toMatchObject({ code: "USAGE" });
  });
});
