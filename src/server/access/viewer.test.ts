import { describe, expect, it } from "vitest";
import { CLIENT_ADDRESS } from "../listen.js";
import type { Tokens } from "../tokens.js";
import type { AccessRules } from "./rules.js";
import { COOKIE, viewerOf } from "./viewer.js";

const rules = (proxy: { user: string; groups?: string } | undefined): AccessRules =>
  ({
    proxy: proxy && { groups: undefined, ...proxy, isTrusted: (address: string) => address === "10.0.0.1" },
    groupsOf: new Map([["ada", ["lab"]]]),
    ...{ datasets: new Map(), depositions: new Map(), default: "public", links: [] },
  }) as unknown as AccessRules;
const asked = (headers: Record<string, string>) => new Request("http://lab.test/", { headers });
const namesOf = (headers: Record<string, string>, given = rules({ user: "x-user", groups: "x-groups" })) =>
  [...viewerOf(asked(headers), given, undefined, 0).names].sort();
const proxied = (headers: Record<string, string>) => ({ [CLIENT_ADDRESS]: "10.0.0.1", ...headers });

describe("who a trusted proxy says it is", () => {
  it("has a name, its groups of the rules, and those that the proxy names", () => {
    expect(namesOf(proxied({ "x-user": " ada ", "x-groups": "em, cryo ,,x" }))).toEqual(["ada", "cryo", "em", "lab", "x"]);
    expect(namesOf(proxied({ "x-user": "max" }))).toEqual(["max"]);
    expect(namesOf(proxied({ "x-user": "max", "x-groups": "em" }), rules({ user: "x-user" }))).toEqual(["max"]);
  });

  it("is nobody from elsewhere, without a name, with two of them, or without a proxy", () => {
    expect(namesOf({ "x-user": "ada", "x-groups": "em" })).toEqual([]);
    expect(namesOf({ [CLIENT_ADDRESS]: "10.0.0.2", "x-user": "ada" })).toEqual([]);
    expect(namesOf(proxied({ "x-groups": "em" }))).toEqual([]);
    expect(namesOf(proxied({ "x-user": "ada, max", "x-groups": "em" }))).toEqual([]);
    expect(namesOf(proxied({ "x-user": "ada" }), rules(undefined))).toEqual([]);
  });
});

describe("who a token says it is", () => {
  const tokens = {
    holderOfToken: (token: string) => (token === "T1" ? { name: "ada", scopes: new Set(["read"]) } : undefined),
    holderOfSession: (key: string) => (key === "S1" ? { name: "max", scopes: new Set(["jobs"]) } : undefined),
  } as unknown as Tokens;
  const viewer = (headers: Record<string, string>) => {
    const { names, scopes, shownName } = viewerOf(asked(headers), rules(undefined), tokens, 0);
    return [[...names].sort(), [...scopes], shownName];
  };

  it.each<[string, Record<string, string>]>([
    ["a bearer's", { authorization: "Bearer T1" }],
    ["a password", { authorization: `Basic ${Buffer.from("any:T1").toString("base64")}` }],
    ["a user's name", { authorization: `Basic ${Buffer.from("T1:").toString("base64")}` }],
    ["a session token of S3", { "x-amz-security-token": "T1" }],
  ])("as %s", (_, headers) => expect(viewer(headers)).toEqual([["ada", "lab"], ["read"], "ada"]));

  it("as a session of the cookie, beside a token", () => {
    expect(viewer({ cookie: `${COOKIE}=S1` })).toEqual([["max"], ["jobs"], "max"]);
    expect(viewer({ cookie: `a=b; ${COOKIE}=X.S1`, authorization: "Bearer T1" })).toEqual([
      ["ada", "lab", "max"],
      ["read", "jobs"],
      "ada",
    ]);
    expect(viewer({ authorization: "Bearer T2" })).toEqual([[], [], undefined]);
    expect(viewer({})).toEqual([[], [], undefined]);
  });
});
