import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { giveCluster } from "../cluster-template.js";
import { contentsOf } from "../demo-kit.js";
import { type Newcomer, newcomer } from "./newcomer.js";

/** One folder of a demo and two workspaces, in turn; a demo that is stopped; a graph that a person has changed; folders that are no demo's. */
let person: Newcomer;
beforeAll(async () => {
  person = newcomer({ EMPORIUM_PYTHON: "false" });
  for (const workspace of ["first", "second"]) await giveCluster(person.at(workspace));
});
afterAll(() => person?.leave());

const words = (dest: string, workspace: string) => ["demo", "--once", "--dest", dest, "--workspace", workspace];
const demo = (dest: string, workspace = "first") => person.run(...words(dest, workspace));
/** The command on the graph, as the demo printed it. */
const onGraph = (out: string) => /^\$ emporium blocks run (.*)$/m.exec(out)?.[1];
/** Without the lines in which a command says how far it is. */
const wrong = (err: string) => err.match(/^(?:error|warning).*$/gm) ?? [];
const left = () => {
  return Object.fromEntries(contentsOf(person.folder, "shown"));
};

describe("a demo's folder", () => {
  it("made by one workspace is made anew by another, also if that was stopped meanwhile, and by the first again; a changed graph is kept", async () => {
    const graph = person.at("shown/cells.yaml");
    const first = await demo("shown");
    expect([first.status, wrong(first.err), onGraph(first.out)]).toEqual([0, [], "shown/cells.yaml"]);
    const whole = left();

    const isAnew = whenChanged(
      person.at("shown/portal/10407/cell_01/Reconstructions/VoxelSpacing10.800/Tomograms/100/cell_01.zarr/.zattrs"),
    );
    const stopped = await person.stop(isAnew, ...words("shown", "second"));
    expect([stopped.status, stopped.out.includes("blocks run")]).toEqual([130, false]);

    // what is in the way now was computed of other inputs, so there is nothing but to replace it
    const second = await demo("shown", "second");
    expect([second.status, wrong(second.err), onGraph(second.out)]).toEqual([0, [], "shown/cells.yaml --force-overwrite"]);
    expect(left()).toEqual(whole);

    const text = readFileSync(graph, "utf8");
    const changed = text.replace("minVoxels: 50", "minVoxels: 40");
    expect(changed).not.toBe(text);
    writeFileSync(graph, changed);
    const again = await demo("shown");
    expect([again.status, wrong(again.err), onGraph(again.out)]).toEqual([0, [], "shown/cells.yaml --force-overwrite"]);
    expect(again.out).toContain("shown/cells.yaml is not as the demo writes it, and is kept");
    expect(readFileSync(graph, "utf8")).toBe(changed);
  }, 900_000);

  it("that is not a demo's is refused by the words of the demo, and stays as it is", async () => {
    mkdirSync(person.at("mine/portal"), { recursive: true });
    writeFileSync(person.at("mine/portal/notes.txt"), "mine");
    mkdirSync(person.at("computed/lab"), { recursive: true });
    mkdirSync(person.at("computed/blocks"));
    writeFileSync(person.at("computed/blocks/facts.json"), "mine");
    for (const [dest, there] of [
      ["mine", "mine/portal"],
      ["computed", "computed/blocks/facts.json"],
    ] as const) {
      const { status, out, err } = await demo(dest);
      expect([status, out]).toEqual([2, ""]);
      expect(err.split("\n").slice(0, 3)).toEqual([
        `error[CONFIG_COLLISION]: ${there} exists and was not made by a demo, which would overwrite it`,
        `  at ${there}`,
        "  hint: move it away, or give --dest a folder that is not there yet",
      ]);
    }
    expect(readFileSync(person.at("mine/portal/notes.txt"), "utf8")).toBe("mine");
    expect(readFileSync(person.at("computed/blocks/facts.json"), "utf8")).toBe("mine");
  });

  it("cannot be a file, or below one", async () => {
    writeFileSync(person.at("file"), "mine");
    for (const dest of ["file", "file/below"]) {
      const { status, err } = await demo(dest);
      expect([status, err.split("\n")[0]]).toEqual([
        2,
        expect.stringMatching(/^error\[USAGE\]: file.* (?:is|is below) a file; give a folder$/),
      ]);
    }
  });

  it("has its own name in what a demo that failed says is to be given again", async () => {
    mkdirSync(person.at("my demo/drive"), { recursive: true });
    writeFileSync(person.at("my demo/drive/portal-runs.json"), "[]\n");
    const { status, err } = await demo("my demo");
    expect([status === 0, err]).toEqual([
      false,
      expect.stringContaining("run emporium demo --once --dest 'my demo' --workspace first again to continue"),
    ]);
  });
});

/** True once a file is not the one that it is now. */
function whenChanged(path: string): () => boolean {
  const { mtimeMs } = statSync(path);
  return () => statSync(path, { throwIfNoEntry: false })?.mtimeMs !== mtimeMs;
}
