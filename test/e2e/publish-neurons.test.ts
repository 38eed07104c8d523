import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dateIn } from "../../src/stations/publish/neurons/mappings.js";
import type { NeuronsReport } from "../../src/stations/publish/neurons/neurons.js";
import { type NeuronBrowser, type NeuronBrowserContent, startNeuronBrowser } from "../faults/neuron-browser.mjs";
import { type FaultServer, startFaultServer } from "../faults/server.mjs";
import { emporium } from "./cli-host.js";

const SWC = "# a skeleton\n1 1 0 0 0 1 -1\n2 2 1 0 0 1 1\n";
const INJECTION = {
  sample: { sampleDate: 1403582400000 },
  neurons: [
    { idString: "AA0230", tag: "G-001" },
    { idString: "AA0231", tag: "G-002" },
  ],
  brainArea: { name: "Somatomotor areas" },
};
const before = { ...process.env };
const content: NeuronBrowserContent = {};
let server: FaultServer;
let browser: NeuronBrowser;
let bucket = "";
let count = 0;

beforeAll(async () => {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "canary-secret-key" };
  const buckets = Array.from({ length: 40 }, (_, at) => `lists-${at}`);
  server = await startFaultServer({ credentials, buckets });
  browser = await startNeuronBrowser(content);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: "us-east-1",
  });
});
afterAll(async () => {
  process.env = before;
  await Promise.all([server.close(), browser.close()]);
});
beforeEach(() => {
  bucket = `lists-${count++}`;
  server.setFaults([]);
  content.reply = undefined;
  content.named = undefined;
  content.injections = [INJECTION];
  content.brainAreas = [
    { structureId: 1, name: "Cerebrum", parentStructureId: null },
    { structureId: 2, name: "Somatomotor areas", parentStructureId: 1 },
    { structureId: 3, name: "Secondary motor area", parentStructureId: 2 },
  ];
});

const put = (objects: Readonly<Record<string, string>>) => {
  for (const [key, text] of Object.entries(objects)) server.s3.put(bucket, key, Buffer.from(text));
};
const text = (key: string) => {
  const object = server.s3.buckets.get(bucket)!.get(key);
  return object && Buffer.concat(object.segments.map(({ bytes }) => bytes!)).toString();
};
const puts = () => server.requests.filter(({ method }) => method === "PUT").map(({ key }) => key);
const run = (...words: string[]) =>
  emporium(["publish", "neurons", "--browser", `${browser.url}/graphql`, "--bucket", `s3://${bucket}`, ...words]);
const json = async (...words: string[]) => {
  const { out, status } = await run("--json", ...words);
  return { status, ...(JSON.parse(out) as NeuronsReport) };
};

const complete = (date = "2014-06-24") => ({
  [`tracings/tracing_complete/${date}/G-001/soma.txt`]: "Secondary motor area, layer 5\n",
  [`tracings/tracing_complete/${date}/G-001/consensus.swc`]: SWC,
  [`tracings/tracing_complete/${date}/G-001/dendrite.swc`]: SWC,
  [`tracings/tracing_complete/${date}/G-002/soma.txt`]: "Secondary motor area, layer 6a",
  [`tracings/tracing_complete/${date}/G-002/consensus.swc`]: SWC,
  [`tracings/tracing_complete/${date}/G-002/dendrite.swc`]: SWC,
});
const finished = {
  "tracings/Finished_Neurons/2014-06-24/G-001/a.swc": SWC,
  "tracings/Finished_Neurons/2014-06-24/G-002/a.swc": SWC,
};
const FINISHED =
  '{"title": "2014-06-24 MouseLight published neurons", "neurons": {"AA0230": {"originalName": "G-001"}, "AA0231": {"originalName": "G-002"}}}';
const METADATA = {
  finished: "neurons/Finished_Neurons/2014-06-24/metadata.json",
  complete: "neurons/tracing_complete/2014-06-24/metadata.json",
  copy: "images/2014-06-24/neurons.json",
};

describe("the documents", () => {
  it("are those of the two locations, one copied, with an index; again, nothing is written", async () => {
    put({ ...finished, ...complete() });
    const { status, out } = await run("--write");
    expect(status).toBe(0);
    expect(text(METADATA.finished)).toBe(`${FINISHED}\n`);
    const neuron = (tag: string, layer: string) => ({
      originalName: tag,
      somaLocation: `Secondary motor area, layer ${layer}`,
      injectionLocation: "Somatomotor areas",
      consensus: `../../tracings/tracing_complete/2014-06-24/${tag}/consensus.swc`,
      dendrite: `../../tracings/tracing_complete/2014-06-24/${tag}/dendrite.swc`,
    });
    const expected = {
      title: "2014-06-24 MouseLight published neurons",
      neurons: { AA0230: neuron("G-001", "5"), AA0231: neuron("G-002", "6a") },
    };
    const written = text(METADATA.complete)!;
    expect(JSON.stringify(JSON.parse(written))).toBe(JSON.stringify(expected)); // the order of keys counts
    expect(text(METADATA.copy)).toBe(written);
    expect(JSON.parse(text("neurons/index.json")!)).toEqual({
      version: 1,
      locations: {
        Finished_Neurons: {
          "2014-06-24": { key: METADATA.finished, neurons: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        },
        tracing_complete: {
          "2014-06-24": { key: METADATA.complete, neurons: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        },
      },
    });
    expect(server.s3.buckets.get(bucket)!.get(METADATA.complete)!.contentType).toBe("application/json");
    expect(out).toContain("Dates in AWS S3:         1\nMissing neuron mappings: 0\nMetadata files written:  2\n");
    server.setFaults([]);
    const again = await json("--write");
    expect([again.status, again.documents.map(({ state }) => state), again.index]).toEqual([0, ["same", "same", "same"], "same"]);
    expect(puts()).toEqual([]);
  });

  it("are the reference's bytes with --compat reference", async () => {
    put({ ...finished, "tracings/Finished_Neurons/2014-06-24/G-001/soma.txt": "área 🧠\n" });
    const { status, out } = await run("--write", "--finished", "--compat", "reference");
    expect([status, out]).toEqual([0, "Dates in AWS S3:         1\nMissing neuron mappings: 0\nMetadata files written:  1\n"]);
    expect(text(METADATA.finished)).toBe(
      FINISHED.replace(
        '"G-001"',
        '"G-001", "somaLocation": "\\u00e1rea \\ud83e\\udde0\\n", "injectionLocation": "Somatomotor areas"',
      ),
    );
    expect(text("neurons/index.json")).toBeUndefined();
  });

  it("nothing is written without --write, and the difference to what is there is told", async () => {
    put({ ...finished, ...complete() });
    const dry = await json();
    expect([dry.status, dry.dry_run, dry.metadata_files, dry.index]).toEqual([0, true, 2, "would be written"]);
    expect(puts()).toEqual([]);
    await run("--write");
    const document = JSON.parse(text(METADATA.complete)!);
    document.neurons.AA0230.somaLocation = "elsewhere";
    document.neurons.AA9999 = {};
    delete document.neurons.AA0231;
    put({ [METADATA.complete]: JSON.stringify(document), [METADATA.finished]: "no JSON {" });
    const { documents } = await json();
    expect(documents).toMatchObject([
      { key: METADATA.finished, state: "changed", added: ["AA0230", "AA0231"] },
      { key: METADATA.complete, state: "changed", added: ["AA0231"], removed: ["AA9999"], changed: ["AA0230"] },
      { key: METADATA.copy, state: "same" },
    ]);
  });

  it("name the areas above a soma where that is asked for", async () => {
    put(complete());
    await run("--write", "--ancestors");
    expect(JSON.parse(text(METADATA.complete)!).neurons.AA0230.somaAncestors).toEqual(["Somatomotor areas", "Cerebrum"]);
  });
});

describe("what is missing or odd", () => {
  it("a date or a name that nobody knows, another tag, no soma, no dendrite, an empty skeleton", async () => {
    put({
      "tracings/tracing_complete/2014-06-24/G-001/consensus.swc": SWC,
      "tracings/tracing_complete/2014-06-24/G-002/soma.txt": "",
      "tracings/tracing_complete/2014-06-24/G-002/dendrite.swc": "",
      "tracings/tracing_complete/2014-06-24/G-777/soma.txt": "x",
      "tracings/tracing_complete/2014-06-24/X-001/soma.txt": "x",
      "tracings/tracing_complete/2014-06-24/readme.txt": "x",
      "tracings/tracing_complete/2015-01-01/G-001/soma.txt": "x",
    });
    content.injections = [
      ...(content.injections as unknown[]),
      { ...INJECTION, neurons: [{ idString: "AA0001", tag: "X-001" }] },
    ];
    const report = await json("--write");
    expect([report.status, report.dates_in_bucket, report.dates_without_mappings]).toEqual([0, 2, ["2015-01-01"]]);
    expect(JSON.parse(text(METADATA.complete)!).neurons).toEqual({
      AA0230: { originalName: "G-001", consensus: "../../tracings/tracing_complete/2014-06-24/G-001/consensus.swc" },
      AA0231: { originalName: "G-002" },
    });
    expect(report.warnings.join("\n")).toContain("2 folders are no known neuron: G-777, X-001");
  });

  it("a skeleton with faults is told of, and a date without a usable neuron is not written", async () => {
    content.injections = [
      ...(content.injections as unknown[]),
      { sample: { sampleDate: Date.UTC(2016, 0, 2) }, neurons: [{ idString: "AA1", tag: "G-9" }], brainArea: null },
    ];
    put({
      "tracings/tracing_complete/2014-06-24/G-001/consensus.swc": "1 1 0 0 0 1 -1\n2 2 1 0 0 1 7\n3 2 1 0 0 1 -1\n",
      "tracings/tracing_complete/2014-06-24/G-001/dendrite.swc": "<html>log in</html>",
      "tracings/tracing_complete/2016-01-02/G-1/soma.txt": "x",
    });
    const report = await json("--write");
    expect(report.skipped).toEqual([
      { location: "tracing_complete", date: "2016-01-02", reason: "none of its folders is a known neuron" },
    ]);
    expect(report.warnings).toEqual(
      expect.arrayContaining([
        "tracings/tracing_complete/2014-06-24/G-001/consensus.swc: line 2: the parent 7 does not exist, and 1 more fault",
        expect.stringContaining("G-001/dendrite.swc is not an SWC file"),
      ]),
    );
    expect(text("neurons/tracing_complete/2016-01-02/metadata.json")).toBeUndefined();
  });

  it("a date that fails is named, and the others are written", async () => {
    content.injections = [
      ...(content.injections as unknown[]),
      { sample: { sampleDate: Date.UTC(2016, 0, 2) }, neurons: [{ idString: "AA1", tag: "G-1" }], brainArea: { name: "x" } },
    ];
    put({ ...complete(), "tracings/tracing_complete/2016-01-02/G-1/soma.txt": "x" });
    server.setFaults([
      { key: "tracings/tracing_complete/2014-06-24/G-001/soma.txt", fate: { kind: "status", status: 403, code: "AccessDenied" } },
    ]);
    const report = await json("--write");
    expect([report.status, report.errors]).toMatchObject([3, [{ code: "STORE_DENIED" }]]);
    expect(report.errors[0]!.message).toContain("tracing_complete/2014-06-24: ");
    expect(text("neurons/tracing_complete/2016-01-02/metadata.json")).toBeDefined();
    expect(Object.keys(JSON.parse(text("neurons/index.json")!).locations.tracing_complete)).toEqual(["2016-01-02"]);
  });

  it("a repeated or comma name of an area is told with its row; the reference ends there", async () => {
    content.brainAreas = [
      ...(content.brainAreas as unknown[]),
      { structureId: 4, name: "Cerebrum", parentStructureId: 1 },
      { structureId: 5, name: "a, b", parentStructureId: 1 },
    ];
    put(finished);
    const report = await json("--write");
    expect([report.status, report.warnings.slice(0, 2)]).toEqual([
      0,
      ["Cerebrum is duplicated (row 4 of brainAreas)", "a, b has a comma (row 5 of brainAreas)"],
    ]);
    const { status, err } = await run("--compat", "reference");
    expect([status, err]).toEqual([1, expect.stringContaining("Cerebrum is duplicated")]);
  });

  it("listings of many pages are complete", async () => {
    const tags = Array.from({ length: 1203 }, (_, at) => `G-${String(at).padStart(4, "0")}`);
    content.injections = [
      {
        sample: { sampleDate: 1403582400000 },
        neurons: tags.map((tag) => ({ idString: `AA${tag.slice(2)}`, tag })),
        brainArea: null,
      },
    ];
    put(Object.fromEntries(tags.map((tag) => [`tracings/Finished_Neurons/2014-06-24/${tag}/a`, ""])));
    put(Object.fromEntries(Array.from({ length: 1100 }, (_, at) => [`tracings/Finished_Neurons/x-${at}/G-1/a`, ""])));
    const report = await json("--write", "--finished");
    expect([report.dates_in_bucket, report.documents[0]!.neurons]).toEqual([1101, 1203]);
    expect(Object.keys(JSON.parse(text(METADATA.finished)!).neurons)).toHaveLength(1203);
  });

  it("several injections of a date stay with their neurons", async () => {
    content.injections = [
      { sample: { sampleDate: 1403582400000 }, neurons: [{ idString: "AA0230", tag: "G-001" }], brainArea: { name: "One" } },
      {
        sample: { sampleDate: 1403582400000 },
        neurons: [
          { idString: "AA0230", tag: "G-001" },
          { idString: "AA0231", tag: "G-002" },
        ],
        brainArea: { name: "Two" },
      },
    ];
    put(complete());
    await run("--write");
    const { AA0230, AA0231 } = JSON.parse(text(METADATA.complete)!).neurons;
    expect([AA0230.injectionLocations, AA0231.injectionLocation, AA0231.injectionLocations]).toEqual([
      ["One", "Two"],
      "Two",
      undefined,
    ]);
  });

  it("the zone decides the day", () => {
    const [utc, newYork] = [dateIn("UTC"), dateIn("America/New_York")];
    expect([utc(1403582400000), newYork(1403582400000)]).toEqual(["2014-06-24", "2014-06-24"]);
    expect([utc(1403568000000), newYork(1403568000000)]).toEqual(["2014-06-24", "2014-06-23"]);
    expect([utc(Number.NaN), utc(1e17)]).toEqual([undefined, undefined]);
    expect(() => dateIn("Mars/Olympus")).toThrow("is not a time zone");
  });
});

describe("the service", () => {
  const where = (...words: string[]) => ["publish", "neurons", "--bucket", `s3://${bucket}`, ...words];

  it("is named by the configuration server, with or without a last /", async () => {
    put(finished);
    for (const end of ["", "/"]) {
      const { status, out } = await emporium(where("--json"), { env: { CONFIG_SERVER_URL: `${browser.url}${end}` } });
      expect([status, JSON.parse(out).service]).toEqual([0, `${browser.url}/graphql`]);
    }
    const none = await emporium(where());
    expect([none.status, none.err]).toEqual([2, expect.stringContaining("needs the address of the neuron service")]);
  });

  it("an address that a reply names may not lead into this network", async () => {
    for (const named of [
      "http://169.254.169.254/latest",
      "http://localhost:1/graphql",
      "http://10.0.0.1/",
      "file:///etc/passwd",
      "http://[::1]/",
    ]) {
      content.named = named;
      const { status, err } = await emporium(where(), { env: { CONFIG_SERVER_URL: browser.url } });
      expect([named, status, err]).toEqual([named, 1, expect.stringMatching(/ADDRESS_REFUSED/)]);
    }
  });

  it("gets the token only where a person named it, and no output has it", async () => {
    put(finished);
    const env = { NEURONBROWSER_JWT: "canary-token-value" };
    const { out, err } = await emporium([...where("--verbose"), "--browser", `${browser.url}/graphql`], { env });
    expect(browser.requests.at(-1)!.headers.authorization).toBe("Bearer canary-token-value");
    expect(out + err).not.toContain("canary-token-value");
  });

  it.each([
    ["no JSON", { body: "<html>log in</html>" }, 1],
    ["an error", { body: '{"errors": [{"message": "no such field"}]}' }, 1],
    ["no list", { body: '{"data": {"injections": {"a": 1}}}' }, 1],
    ["null", { body: "null" }, 1],
    ["a depth without end", { body: `${"[".repeat(100_000)}` }, 1],
    ["404", { status: 404, body: "{}" }, 1],
  ])("that answers with %s is told of", async (_, reply, expected) => {
    content.reply = reply;
    put(finished);
    const { status, err } = await run("--write");
    expect([status, err]).toEqual([
      expected,
      expect.stringMatching(/^error\[(PORTAL_REPLY|PORTAL_NOT_DATA|SERVICE_UNREACHABLE)\]/m),
    ]);
    expect(puts()).toEqual([]);
  });

  it("rows that are no rows are passed over, and hostile names stay names", async () => {
    content.injections = [
      { sample: { sampleDate: "yesterday" }, neurons: [] },
      null,
      { sample: null, neurons: null },
      {
        sample: { sampleDate: 1403582400000 },
        neurons: [
          { idString: "__proto__", tag: "G-001" },
          { idString: "<script>", tag: "G-002" },
          { idString: "A", tag: "../../x" },
        ],
        brainArea: { name: "\u001b[31mred" },
      },
    ];
    put({ ...finished, "tracings/Finished_Neurons/2014-06-24/G-001/soma.txt": "\u0000\u001b]0;x" });
    const report = await json("--write", "--finished");
    expect(report.warnings.filter((warning) => warning.includes("is passed over"))).toHaveLength(2);
    const { neurons } = JSON.parse(text(METADATA.finished)!);
    expect(Object.keys(neurons)).toEqual(["__proto__", "<script>"]);
    expect(({} as Record<string, unknown>).originalName).toBeUndefined();
  });
});
