import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../../know.js";

const { signal } = new AbortController();
async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const roles = (run: string) => [...decisions.files.values()].filter((file) => file.run === run).map(({ role }) => role);
  return { ...decisions, roles, role: (path: string) => decisions.files.get(path)?.role };
}

/** As WarpTools writes it. */
const xml = (attributes: string, used: readonly boolean[] = [true, true, true]) =>
  `<?xml version="1.0" encoding="utf-8"?>\n<TiltSeries DataDirectory="/x" AreAnglesInverted="False" ${attributes}>\n\t<Angles>-3\n0\n3</Angles>\n\t<AxisAngle>84\n84\n84</AxisAngle>\n\t<UseTilt>${used.map((one) => (one ? "True" : "False")).join("\n")}</UseTilt>\n</TiltSeries>`;
const tomostar = (name: string) => `\ndata_\n\nloop_\n_wrpMovieName #1\n_wrpAngleTilt #2\n../frames/${name}_1.tif 1\n`;
const series = (name: string, seed: number, attributes: string, used?: readonly boolean[]) => ({
  [`tomostar/${name}.tomostar`]: tomostar(name),
  [`warp_tiltseries/${name}.xml`]: xml(attributes, used),
  [`warp_tiltseries/reconstruction/${name}_10.00Apx.mrc`]: mrcFile([4, 12, 12], 10, { seed }),
});
const SOUND = `UnselectFilter="False" UnselectManual="null"`;

describe("a tilt series that was deselected in Warp", () => {
  it("is asked about with all files of its run, and not published until somebody answers", async () => {
    const { questions, roles } = await decided({
      ...series("TS_1", 1, SOUND),
      ...series("TS_2", 2, `UnselectFilter="False" UnselectManual="True"`),
    });
    expect(questions).toMatchObject([{ text: "Should TS_2 be published?", why: "Deselected in Warp.", answer: "leave-out" }]);
    expect([roles("TS_1").includes("tomogram"), new Set(roles("TS_2"))]).toEqual([true, new Set(["left out"])]);
    const publish = questions[0]!.options.find(({ answer }) => answer === "publish")!;
    expect(publish.claims.map(({ role }) => role).sort()).toEqual(["alignment", "tomogram"]);
  });

  it("by a filter is asked about where the filter lets others pass, and a person has not selected it", async () => {
    const filtered = `UnselectFilter="True" UnselectManual=""`;
    const one = await decided({ ...series("TS_1", 1, SOUND), ...series("TS_2", 2, filtered) });
    expect(one.questions.map(({ answer }) => answer)).toEqual(["leave-out"]);
    const all = await decided({ ...series("TS_1", 1, filtered), ...series("TS_2", 2, filtered) });
    expect(all.questions).toEqual([]);
    const selected = `UnselectFilter="True" UnselectManual="False"`;
    const kept = await decided({ ...series("TS_1", 1, SOUND), ...series("TS_2", 2, selected) });
    expect(kept.questions).toEqual([]);
  });

  it("in less than half of its tilts is asked about, and published until somebody answers", async () => {
    const files = (used: readonly boolean[]) => ({ ...series("TS_1", 1, SOUND), ...series("TS_2", 2, SOUND, used) });
    const { questions, roles } = await decided(files([true, false, false]));
    expect(questions).toMatchObject([
      { text: "Should TS_2 be published?", why: "Warp uses only 1 of its 3 tilts.", answer: "publish" },
    ]);
    expect(roles("TS_2")).toContain("tomogram");
    expect((await decided(files([true, true, false]))).questions).toEqual([]);
  });
});

describe("angles that Warp has turned", () => {
  const mdoc = (...angles: readonly number[]) =>
    `PixelSpacing = 2.5\nImageFile = TS_1.mrc\nVoltage = 300\n\n${angles
      .map((angle, at) => `[ZValue = ${at}]\nTiltAngle = ${angle}\nSubFramePath = D:\\frames\\TS_1_${at}.tif\n\n`)
      .join("")}`;
  const lab = (recorded: readonly number[], listed: readonly number[]) => ({
    ...series("TS_1", 1, SOUND),
    "mdocs/TS_1.mdoc": mdoc(...recorded),
    "warp_tiltseries/tiltstack/TS_1/TS_1.st": mrcFile([recorded.length, 48, 48], 2.5, { kind: "stack", seed: 5 }),
    "warp_tiltseries/tiltstack/TS_1/TS_1.rawtlt": listed.map((angle) => `${angle}\n`).join(""),
  });
  const list = "warp_tiltseries/tiltstack/TS_1/TS_1.rawtlt";

  it.each([
    ["in the order of the exposures", [0.01, 3, -3, 6, -6], [-0.01, -3, 3, -6, 6]],
    ["sorted, where the series is not as long to both sides", [3, 6, 0, 9, -3], [-9, -6, -3, 0, 3]],
  ])("are asked about and not published: %s", async (_, recorded, listed) => {
    const { questions, role } = await decided(lab(recorded, listed));
    expect(questions.map(({ id, files, answer }) => [id, files, answer])).toEqual([["angles-turned", [list], "leave-out"]]);
    expect(role(list)).toBe("left out");
  });

  it("are known by the table that names the movie of each, as long to both sides, in the order of its rows", async () => {
    const recorded = [0, 3, -3, 6, -6];
    const table = (sign: number, order: readonly number[]) =>
      `data_\n\nloop_\n_wrpMovieName #1\n_wrpAngleTilt #2\n${order.map((at) => `../frames/TS_1_${at}.tif ${sign * recorded[at]!}\n`).join("")}`;
    const listed = [-6, -3, 0, 3, 6];
    const turned = await decided({ ...lab(recorded, listed), "tomostar/TS_1.tomostar": table(-1, [3, 1, 0, 2, 4]) });
    expect([turned.questions.map(({ id }) => id), turned.role(list)]).toEqual([["angles-turned"], "left out"]);
    const sound = await decided({ ...lab(recorded, listed), "tomostar/TS_1.tomostar": table(1, [4, 2, 0, 1, 3]) });
    expect([sound.questions, sound.role(list)]).toEqual([[], "raw tilts"]);
    // the recorded angles, beside a table of turned ones whose rows have the order of the images
    const recordedBeside = await decided({ ...lab(recorded, listed), "tomostar/TS_1.tomostar": table(-1, [4, 2, 0, 1, 3]) });
    expect([recordedBeside.questions, recordedBeside.role(list)]).toEqual([[], "raw tilts"]);
  });

  it.each([
    ["as they were recorded", [0, 3, -3, 6, -6], [0, 3, -3, 6, -6]],
    ["sorted, as long to both sides", [0, 3, -3, 6, -6], [-6, -3, 0, 3, 6]],
  ])("are not those that are %s", async (_, recorded, listed) => {
    const { questions, role } = await decided(lab(recorded, listed));
    expect([questions, role(list)]).toEqual([[], "raw tilts"]);
  });
});
