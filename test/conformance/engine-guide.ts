import { readFileSync } from "node:fs";
import { type EngineProfile, readProfile } from "../../src/engine/cluster/profile.js";
import type { EngineTemplates } from "../../src/engine/executors/words/templates.js";

const GUIDE = new URL("../../docs/guides/cluster-engines.md", import.meta.url);

/** The guide's own profiles, so that what it shows is what was tried. */
export function guideBlock(heading: string): string {
  const section = readFileSync(GUIDE, "utf8").split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const block = /```yaml\n([\s\S]*?)```/.exec(section)?.[1];
  if (block === undefined) throw new Error(`the guide has no profile below ${heading}`);
  return block;
}

export function guideProfile(heading: string): EngineProfile {
  return readProfile(guideBlock(heading), "emporium.engines.yaml", undefined);
}

export function guideTemplates(): EngineTemplates {
  return guideProfile("Another engine").templates!;
}
