import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSchema, findBreakingChanges } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTITIES } from "../../src/catalog/entities.js";
import { PORTAL_GRAPHQL_SCHEMA } from "../../src/catalog/graphql/schema.js";
import { postsTo } from "../../src/server/bodies.js";
import { GRAPHQL_POSTS, graphqlRoute, withGraphql } from "../../src/server/graphql.js";
import { refusal } from "../../src/server/handler.js";
import { type Listening, listen } from "../../src/server/listen.js";
import { type PortalDatabase, portalDatabase, randomRows } from "../e2e/graphql-kit.js";
import { hasEnvironment, python, type Verdict } from "./environment.js";

/** The portal's official Python client, unmodified, against this server. */
const ROWS = randomRows(21, (name) => (name === "Deposition" || name === "Dataset" ? 5 : 24));

describe.skipIf(!hasEnvironment("peers"))("the portal's Python client", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-client-"));
  let database: PortalDatabase;
  let server: Listening;
  beforeAll(async () => {
    database = await portalDatabase(ROWS);
    const graphql = graphqlRoute({ api: database.api() });
    server = await listen(
      withGraphql(graphql, async () => refusal(404, "not found")),
      { bodies: postsTo(GRAPHQL_POSTS) },
    );
    const byClass = Object.fromEntries(ENTITIES.map(({ name, pythonClass }) => [pythonClass, ROWS.get(name)]));
    writeFileSync(join(folder, "rows.json"), JSON.stringify(byClass));
  });
  afterAll(async () => {
    await server?.close();
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("has a schema that ours does not break", async () => {
    const path = await python("peers", "portal_schema.py", []);
    const theirs = buildSchema(readFileSync(path.trim(), "utf8"));
    const broken = findBreakingChanges(theirs, PORTAL_GRAPHQL_SCHEMA).map(({ description }) => description);
    const known = [
      // nobody but the portal itself may write
      /^(?:Mutation|\w+(?:CreateInput|UpdateInput|WhereClauseMutations)) was removed\.$/,
      // the portal's own name of this scalar, in the clients up to 4.8
      /^\w+\._id changed type from ID! to GlobalID!\.$/,
      /^EntityInterface no longer implements interface Node\.$/,
      // their text has no @deprecated; the library that reads it here puts its own newest in
      /^DIRECTIVE_DEFINITION was removed from deprecated\.$/,
    ];
    expect(broken.filter((text) => !known.some((pattern) => pattern.test(text)))).toEqual([]);
  });

  // thousands of questions, each judged by the client's own validation
  it("finds, follows and filters what is there, and nothing else", { timeout: 900_000 }, async () => {
    database.statements.length = 0;
    const verdicts = JSON.parse(
      await python("peers", "portal_client.py", [`${server.url}/graphql`, join(folder, "rows.json")]),
    ) as Verdict[];
    expect(verdicts.filter(({ passed }) => !passed).slice(0, 20)).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(4_000);
    expect(database.statements.length).toBeGreaterThan(4_000); // each of its questions is one
  });
});
