import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { giveTree } from "../../made-tree.js";
import { giveCluster } from "../cluster-template.js";
import { freePort, type Newcomer, newcomer, type Running } from "./newcomer.js";

/**
 * A tree is ingested and imported, and then served at other ports, by several servers at once, behind a proxy: every address in every answer is one of the
 * server that was asked, and the tree stays as it was.
 */
interface Tomogram {
  neuroglancerConfig: string;
  httpsMrcFile: string;
  httpsOmezarrDir: string;
  s3MrcFile: string;
  keyPhotoUrl: string;
  run: { name: string; httpsPrefix: string };
}

const FIELDS = "{ neuroglancerConfig httpsMrcFile httpsOmezarrDir s3MrcFile keyPhotoUrl run { name httpsPrefix } }";
const VIEW = /\/NeuroglancerPrecompute\/\d+-neuroglancer_config\.json$/;

let person: Newcomer;
let views: Map<string, string>;
beforeAll(async () => {
  person = newcomer();
  await giveCluster(person.at(".emporium"));
  await giveTree({ deposits: ["imod"] }, { tree: person.at("portal") });
  expect((await person.run("catalog", "import", "portal")).status).toBe(0);
  views = viewsOnDisk();
  expect(views.size).toBe(2);
}, 180_000);
afterAll(async () => {
  expect(viewsOnDisk()).toEqual(views);
  await person?.leave();
});

function viewsOnDisk(): Map<string, string> {
  const keys = readdirSync(person.at("portal"), { recursive: true }).map(String);
  return new Map(keys.filter((key) => VIEW.test(key)).map((key) => [key, readFileSync(person.at("portal", key), "utf8")]));
}

async function serve(...words: string[]): Promise<{ url: string; port: number; running: Running }> {
  const port = await freePort();
  const running = await person.start(
    /Serving at (http:\/\/127\.0\.0\.1:\d+|https:\S+) /,
    "serve",
    "portal",
    "--port",
    String(port),
    ...words,
  );
  return { url: running.match[1]!, port, running };
}

async function tomograms(url: string, where = "{}"): Promise<Tomogram[]> {
  const query = `{ tomograms(where: ${where}, orderBy: {run: {name: asc}}) ${FIELDS} }`;
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return ((await answer.json()) as { data: { tomograms: Tomogram[] } }).data.tomograms;
}

/** Addresses of all layers of a view, without Neuroglancer's prefixes. */
function sources(state: string): string[] {
  const { layers } = JSON.parse(state) as { layers: { source: string | { url: string } }[] };
  return layers.map(({ source }) => (typeof source === "string" ? source : source.url).replace(/^\w+:\/\/(?=http)/, ""));
}

const status = async (url: string) => (await fetch(url, { method: "HEAD" })).status;
const isVolume = async (url: string) =>
  (await Promise.all([".zattrs", "info"].map((name) => status(`${url}/${name}`)))).includes(200);

describe("a tree that was imported for one port", () => {
  it("seam 21: is served at others, at two at once, and each answers with its own addresses", async () => {
    const servers = [await serve("--no-import"), await serve("--no-import")];
    expect(servers[0]!.url).not.toBe(servers[1]!.url);
    for (const { url } of servers) {
      const found = await tomograms(url);
      expect(found.map(({ run }) => run.name)).toEqual(["TS_0001", "TS_0002"]);
      for (const { httpsMrcFile, httpsOmezarrDir, s3MrcFile, keyPhotoUrl, run } of found) {
        expect(httpsMrcFile).toBe(`${url}/files/${s3MrcFile.replace("s3://portal/", "")}`);
        expect(run.httpsPrefix).toBe(`${url}/files/10401/${run.name}/`);
        const wanted = [httpsMrcFile, `${httpsOmezarrDir}/.zattrs`, keyPhotoUrl, s3MrcFile.replace("s3://", `${url}/s3/`)];
        expect(await Promise.all(wanted.map(status)), wanted.join()).toEqual([200, 200, 200, 200]);
      }
      expect(await tomograms(url, `{httpsMrcFile: {_like: "${url}/%"}}`)).toEqual(found);
      expect(await tomograms(url, '{httpsMrcFile: {_like: "http://127.0.0.1:8080/%"}}')).toEqual([]);
    }
    for (const { running } of servers) expect(await running.stop()).toBe(0);
  });

  it("seam 20: every layer of every view is there, by whatever name of the machine it is asked for", async () => {
    const { port, running } = await serve();
    // what has been imported for another port is as good here
    await expect.poll(running.printed).toContain("runs: 0 imported, 2 unchanged");
    for (const url of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
      for (const { neuroglancerConfig } of await tomograms(url)) {
        const layers = sources(neuroglancerConfig);
        expect(layers.length).toBeGreaterThan(5);
        for (const layer of layers)
          expect([layer.startsWith(`${url}/files/10401/`), await isVolume(layer)], layer).toEqual([true, true]);
      }
      for (const [key, onDisk] of views) {
        const file = `${url}/files/${key}`;
        const response = await fetch(file);
        const state = await response.text();
        expect(state).toBe(onDisk.replaceAll("http://127.0.0.1:8080/10401/", `${url}/files/10401/`));
        const etag = response.headers.get("etag")!;
        const head = await fetch(file, { method: "HEAD" });
        const length = String(Buffer.byteLength(state));
        expect([head.headers.get("etag"), head.headers.get("content-length")]).toEqual([etag, length]);
        const part = await fetch(file, { headers: { range: "bytes=-20", "if-range": etag } });
        expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
          206,
          `bytes ${Number(length) - 20}-${Number(length) - 1}/${length}`,
          state.slice(-20),
        ]);
        expect((await fetch(file, { headers: { "if-none-match": etag } })).status).toBe(304);
        // whoever compares checksums has the tree's own bytes
        expect(await (await fetch(`${url}/s3/portal/${key}`)).text()).toBe(onDisk);
      }
    }
    expect(await running.stop()).toBe(0);
  });

  it("seam 20: behind a proxy all addresses are the proxy's, whichever part of the path it takes off", async () => {
    const base = "https://lab.example.org/em";
    const { port, running, url } = await serve("--no-import", "--url", base);
    expect(url).toBe(base);
    for (const folder of ["", "/em"]) {
      for (const host of [`127.0.0.1:${port}`, "lab.example.org"]) {
        const ask = (path: string) => asked(port, host, `${folder}${path}`);
        for (const key of views.keys()) {
          for (const source of sources((await ask(`/files/${encodeURI(key)}`)).text))
            expect(source).toMatch(/^https:\/\/lab\.example\.org\/em\/files\/10401\//);
        }
        const { data } = JSON.parse((await ask("/graphql?query=%7Bruns%7BhttpsPrefix%7D%7D")).text) as {
          data: { runs: object[] };
        };
        expect(data.runs).toEqual(["TS_0001", "TS_0002"].map((name) => ({ httpsPrefix: `${base}/files/10401/${name}/` })));
        // from where it was asked for, the page is one name further
        const { headers } = await ask("/viewer");
        expect(headers.location).toBe("viewer/");
        expect((await ask("/viewer/")).text).toContain(".bundle.js");
      }
    }
    expect((await asked(port, "evil.example.org", "/files/x")).status).toBe(421);
    expect(await running.stop()).toBe(0);
  });

  it("seam 20: a name that a client makes up gets into no answer, also where every name is heard", async () => {
    const { port, running } = await serve("--no-import", "--host", "0.0.0.0");
    for (const key of views.keys()) {
      const { text } = await asked(port, "evil.example.org", `/files/${encodeURI(key)}`);
      for (const source of sources(text)) expect(source.startsWith(`http://127.0.0.1:${port}/files/10401/`), source).toBe(true);
    }
    expect(await running.stop()).toBe(0);
  });

  it("seam 22: no page of another origin reads it, unless --cors names it", async () => {
    const origin = "https://neuroglancer-demo.appspot.com";
    const paths = [
      "/graphql?query=%7Bruns%7Bid%7D%7D",
      `/files/${encodeURI([...views.keys()][0]!)}`,
      "/s3/portal?list-type=2",
      "/s3/portal/none",
    ];
    for (const [words, wanted] of [
      [[], null],
      [["--cors", "https://a.test", "--cors", origin], origin],
      [["--cors", "*"], "*"],
    ] as const) {
      const { port, running } = await serve("--no-import", ...words);
      for (const path of paths) {
        const { headers } = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { origin } });
        expect(headers.get("access-control-allow-origin"), `${words} ${path}`).toBe(wanted);
      }
      expect(await running.stop()).toBe(0);
    }
    expect((await person.run("serve", "portal", "--cors", "neuroglancer-demo.appspot.com")).status).toBe(2);
  });

  it("seam 24: names both variables of AWS clients, and sends the page's bundles compressed, for ever", async () => {
    const { port, running } = await serve("--no-import");
    const s3 = `http://127.0.0.1:${port}/s3`;
    await expect.poll(running.printed).toContain(`BOTO_ENDPOINT_URL=${s3} AWS_ENDPOINT_URL_S3=${s3}`);
    const page = `http://127.0.0.1:${port}/viewer/`;
    const names = [...(await (await fetch(page)).text()).matchAll(/(?:src|href)="([^"]+bundle[^"]+)"/g)].map(([, name]) => name!);
    expect(names).toHaveLength(2);
    for (const name of [...names, "main.bundle.js"]) {
      const { headers, body } = await fetch(new URL(name, page), { headers: { "accept-encoding": "br, gzip" } });
      await body?.cancel();
      expect([headers.get("content-encoding"), headers.get("cache-control")], name).toEqual([
        "br",
        "public, max-age=31536000, immutable",
      ]);
    }
    expect(await running.stop()).toBe(0);
  });
});

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
}

/** What a server says when it is called by a name. */
function asked(port: number, host: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", path, headers: { host } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    sent.on("error", reject).end();
  });
}
