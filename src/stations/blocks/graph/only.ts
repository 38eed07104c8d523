import { EmporiumError } from "../../../core/errors.js";
import { nearest } from "../../../core/nearest.js";
import type { BlockSource } from "../../../engine/blocks/block-source.js";

/**
 * Which tasks some words name: a stage, or a block of one by its number, `smooth/7`.
 *
 * @throws {EmporiumError} USAGE for a stage or a block that is not there
 */
export function onlyThese({ stages }: BlockSource, words: readonly string[] = []): ((index: number) => boolean) | undefined {
  if (words.length === 0) return undefined;
  const ranges = words.map((word) => {
    const [name = "", number] = word.split("/");
    const stage = stages.find((one) => one.name === name);
    if (!stage) {
      const names = stages.map((one) => one.name);
      const meant = nearest(name, names);
      const hint = meant ? `did you mean ${meant}?` : `choose one of ${names.join(", ")}`;
      throw new EmporiumError("USAGE", `no stage is called ${name}`, { hint });
    }
    if (number === undefined) return { first: stage.first, end: stage.first + stage.count };
    const block = Number(number);
    if (!/^\d+$/.test(number) || block >= stage.count)
      throw new EmporiumError("USAGE", `${word} is not a block: ${name} has those from 0 to ${stage.count - 1}`);
    return { first: stage.first + block, end: stage.first + block + 1 };
  });
  return (index) => ranges.some(({ first, end }) => index >= first && index < end);
}
